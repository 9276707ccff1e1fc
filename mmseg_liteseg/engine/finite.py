"""Whether numbers are finite."""

from __future__ import annotations

from typing import Mapping

import torch
from mmengine.model import is_model_wrapper
from torch import Tensor, nn

from mmseg_liteseg.errors import LiteSegError


class DivergedError(LiteSegError):
    """A training whose losses, gradients or weights stay nan or infinite."""


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
    return broken_among(model_of(model).state_dict())


def broken_among(values: Mapping[str, object]) -> set[str]:
    """Names of the tensors that hold nan or infinity."""
    tensors = {name: value for name, value in values.items() if is_float(value)}
    found = set()
    # flags can be stacked on one device only, and optimisers keep counters on the CPU
    for device in {value.device for value in tensors.values()}:
        there = {name: value for name, value in tensors.items() if value.device == device}
        # one transfer for all, where they are on a GPU
        flags = torch.stack([value.detach().isfinite().all() for value in there.values()]).tolist()
        found |= {name for name, fine in zip(there, flags) if not fine}
    return found


def is_float(value: object) -> bool:
    """Whether it is a tensor that can hold nan."""
    return isinstance(value, Tensor) and (value.is_floating_point() or value.is_complex())
