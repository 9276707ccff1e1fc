"""Choice between the Triton kernels and plain torch."""

from __future__ import annotations

import os
from functools import lru_cache

import torch
from torch import Tensor


def use_triton(x: Tensor) -> bool:
    """Whether the kernels run on ``x``: float32 on a GPU, with Triton 3 or newer, which torch brings from 2.4 on.

    ``MMSEG_LITESEG_TRITON=0`` turns them off. With ``MMSEG_LITESEG_TRITON=1`` and Triton's own ``TRITON_INTERPRET=1``
    they run on the CPU, which is how they are tested without a GPU. Deterministic trainings do without them.
    """
    switch = os.environ.get('MMSEG_LITESEG_TRITON')
    wanted = x.is_cuda or (switch == '1' and os.environ.get('TRITON_INTERPRET') == '1')
    # the kernel for the losses adds gradients in no fixed order
    wanted = wanted and not torch.are_deterministic_algorithms_enabled()
    return wanted and x.dtype == torch.float32 and switch != '0' and has_triton()


@lru_cache(maxsize=1)
def has_triton() -> bool:
    """Whether Triton is there, 3 or newer: the kernels were compiled with 3.0 to 3.9 only."""
    try:
        import triton
    except ImportError:
        return False
    return int(triton.__version__.split('.')[0]) >= 3


def autocasts(device: torch.device) -> bool:
    """Whether operations on a device run under autocast now."""
    try:
        return torch.is_autocast_enabled(device.type)
    except TypeError:  # before torch 2.4
        return torch.is_autocast_cpu_enabled() if device.type == 'cpu' else torch.is_autocast_enabled()
