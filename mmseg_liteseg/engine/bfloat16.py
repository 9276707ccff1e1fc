"""Mixed precision where mmengine has none: on CPUs."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Iterator

import torch
from mmengine.optim import OptimWrapper
from torch import nn

from mmseg_liteseg.registry import OPTIM_WRAPPERS


@OPTIM_WRAPPERS.register_module()
class Bfloat16OptimWrapper(OptimWrapper):
    """Convolutions and matrix products in bfloat16, weights, statistics and losses in float32, on the model's device.

    bfloat16 has float32's range, so no loss scaling is needed. `mmengine.optim.AmpOptimWrapper`, which does the same
    with ``dtype='bfloat16'`` on a GPU, refuses a CPU.

    Args:
        kwargs: Those of `mmengine.optim.OptimWrapper`.

    Example:
        >>> model = nn.Conv2d(3, 8, 3)
        >>> wrapper = Bfloat16OptimWrapper(torch.optim.SGD(model.parameters(), lr=0.1))
        >>> with wrapper.optim_context(model):
        ...     model(torch.zeros(1, 3, 8, 8)).dtype
        torch.bfloat16
    """

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """Around the forward pass of a step."""
        device = next(model.parameters()).device.type
        with super().optim_context(model), torch.autocast(device, torch.bfloat16):
            yield
