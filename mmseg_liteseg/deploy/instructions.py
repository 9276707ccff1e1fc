"""Which integer instructions a CPU has: INT8 models are exact with some and saturate with others."""

from __future__ import annotations

import platform

from mmseg_liteseg.processor import cpu_flags

_VNNI = {'avx512_vnni', 'avx_vnni'}
# What stands in 16 bits between two products without VNNI; see QuantizeOptions.full_range.
_SATURATING = {'avx2', 'avx512bw'}


def instructions() -> str:
    """Words for a report: 'x86_64 with VNNI', 'x86_64 without VNNI', or the machine's kind alone.

    Example:
        >>> instructions().startswith(platform.machine())
        True
    """
    if not cpu_flags() & (_VNNI | _SATURATING):
        return platform.machine()
    return f'{platform.machine()} with{"" if cpu_flags() & _VNNI else "out"} VNNI'


def saturates() -> bool:
    """Whether 8-bit weights overflow here: known only where the flags are."""
    return bool(cpu_flags() & _SATURATING) and not cpu_flags() & _VNNI
