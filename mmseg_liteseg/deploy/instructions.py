"""Which integer instructions a CPU has: INT8 models are exact with some and saturate with others."""

from __future__ import annotations

import platform
from functools import lru_cache
from pathlib import Path

_VNNI = {'avx512_vnni', 'avx_vnni'}
# What stands in 16 bits between two products without VNNI; see QuantizeOptions.full_range.
_SATURATING = {'avx2', 'avx512bw'}


@lru_cache(maxsize=1)
def cpu_flags() -> frozenset[str]:
    """Flags of the first CPU; empty where the system does not tell (it is read from Linux)."""
    try:
        text = Path('/proc/cpuinfo').read_text(encoding='utf-8', errors='replace')
    except OSError:
        return frozenset()
    lines = [line.partition(':')[2].split() for line in text.splitlines() if line.startswith(('flags', 'Features'))]
    return frozenset(lines[0]) if lines else frozenset()


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
