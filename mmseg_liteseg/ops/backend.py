"""Choice between the Triton kernels and plain torch."""

from __future__ import annotations

import importlib.util
import os
from functools import lru_cache

import torch
from torch import Tensor


def use_triton(x: Tensor) -> bool:
    """Whether the kernels run on ``x``: float32 on a GPU, with Triton installed.

    ``MMSEG_LITESEG_TRITON=0`` turns them off. With ``MMSEG_LITESEG_TRITON=1`` and Triton's own ``TRITON_INTERPRET=1``
    they run on the CPU, which is how they are tested without a GPU.
    """
    switch = os.environ.get('MMSEG_LITESEG_TRITON')
    if x.dtype != torch.float32 or switch == '0' or not _has_triton():
        return False
    return x.is_cuda or (switch == '1' and os.environ.get('TRITON_INTERPRET') == '1')


@lru_cache(maxsize=1)
def _has_triton() -> bool:
    return importlib.util.find_spec('triton') is not None
