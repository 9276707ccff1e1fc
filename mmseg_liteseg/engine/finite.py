"""Whether numbers are finite."""

from __future__ import annotations

import torch
from mmengine.model import is_model_wrapper
from torch import Tensor, nn


def model_of(model: nn.Module) -> nn.Module:
    """The model inside DistributedDataParallel and the like."""
    return model.module if is_model_wrapper(model) else model


def broken_names(model: nn.Module) -> set[str]:
    """Names of the weights and buffers that hold nan or infinity.

    Example:
        >>> layer = nn.Linear(1, 1)
        >>> _ = layer.bias.data.fill_(float('nan'))
        >>> broken_names(layer)
        {'bias'}
    """
    tensors = {name: value for name, value in model_of(model).state_dict().items() if is_float(value)}
    if not tensors:
        return set()
    # one transfer for all, where they are on a GPU
    flags = torch.stack([value.detach().isfinite().all() for value in tensors.values()]).tolist()
    return {name for name, fine in zip(tensors, flags) if not fine}


def is_float(value: object) -> bool:
    """Whether it is a tensor that can hold nan."""
    return isinstance(value, Tensor) and (value.is_floating_point() or value.is_complex())
