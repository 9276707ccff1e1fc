"""What the CPU has for this process: cores, and instructions by the flags that the system reports."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path


def available_cores() -> int:
    """How many of the machine's cores this process may use.

    Example:
        >>> available_cores() >= 1
        True
    """
    # not cpu_count, which counts the machine's: containers and schedulers give a process some of them
    return len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count() or 1


@lru_cache(maxsize=1)
def cpu_flags() -> frozenset[str]:
    """Flags of the first CPU; empty where the system does not tell (it is read from Linux)."""
    try:
        text = Path('/proc/cpuinfo').read_text(encoding='utf-8', errors='replace')
    except OSError:
        return frozenset()
    lines = [line.partition(':')[2].split() for line in text.splitlines() if line.startswith(('flags', 'Features'))]
    return frozenset(lines[0]) if lines else frozenset()


def multiplies_bfloat16() -> bool:
    """Whether there are instructions for it: without them a convolution in bfloat16 is slower than in float32.

    Example:
        >>> multiplies_bfloat16() in (True, False)
        True
    """
    return bool(cpu_flags() & {'avx512_bf16', 'amx_bf16', 'avx_ne_convert', 'bf16'})  # the last is ARM's
