"""Mixed precision with a loss scaler on the CPU, which mmengine has for GPUs only."""

from __future__ import annotations

from typing import Any

import torch
from mmengine.optim import AmpOptimWrapper, OptimWrapper

from mmseg_liteseg.registry import OPTIM_WRAPPERS


def has_scaler() -> bool:
    """Whether this torch scales losses on the CPU: since 2.3."""
    return hasattr(torch, 'amp') and hasattr(torch.amp, 'GradScaler')


@OPTIM_WRAPPERS.register_module()
class CpuAmpOptimWrapper(AmpOptimWrapper):
    """mmengine's AmpOptimWrapper in bfloat16 with torch's scaler of the CPU: for trials, not for speed.

    Args:
        scale: The scaler's first: by default so large that gradients overflow and the first steps are skipped.
        growth_interval: Steps until it grows: few, so that it changes in a short training.
        **kwargs: Those of OptimWrapper.
    """

    def __init__(self, scale: float = 2.0**126, growth_interval: int = 3, **kwargs: Any) -> None:
        OptimWrapper.__init__(self, **kwargs)
        self.loss_scaler = torch.amp.GradScaler('cpu', init_scale=scale, growth_interval=growth_interval)
        self._scale_update_param, self.cast_dtype = None, torch.bfloat16
