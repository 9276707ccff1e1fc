"""Peak memory of one call."""

from __future__ import annotations

from typing import Any, Callable, Iterable

import torch
from torch.profiler import ProfilerActivity, profile


def peak_bytes(run: Callable[[], Any], device: str) -> int:
    """Most bytes of tensors alive at one time during a call, beyond those alive at its start.

    On the CPU this follows every allocation of torch's allocator through the profiler: exact and the same in every
    run, but blind to what libraries allocate for themselves. On CUDA it is the allocator's own record.
    """
    run()  # what is made once (optimiser state, caches) is no part of it
    return _peak_on_cuda(run) if device == 'cuda' else _peak_on_cpu(run)


def peak_of_changes(changes: Iterable[int]) -> int:
    """Highest running sum of allocations (positive) and releases (negative), at least 0."""
    held = peak = 0
    for change in changes:
        held += change
        peak = max(peak, held)
    return peak


def _peak_on_cpu(run: Callable[[], Any]) -> int:
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        result = run()
    # only afterwards: what a call returns is alive at its peak
    del result
    events = [event for event in profiler.profiler.kineto_results.events() if event.name() == '[memory]']
    # torch before 2.4 has microseconds
    events.sort(key=lambda event: event.start_ns() if hasattr(event, 'start_ns') else event.start_us())
    return peak_of_changes(event.nbytes() for event in events)


def _peak_on_cuda(run: Callable[[], Any]) -> int:
    torch.cuda.synchronize()
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    run()
    torch.cuda.synchronize()
    return torch.cuda.max_memory_allocated() - before
