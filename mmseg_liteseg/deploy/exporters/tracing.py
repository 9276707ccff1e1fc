"""What the exporters that trace have in common."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from typing import Iterator

import torch
from torch import Tensor

from ..metadata import Interface
from .options import ExportOptions


def example_input(interface: Interface, options: ExportOptions) -> Tensor:
    """Random pixels of the example's shape, as the interface takes them."""
    batch, height, width = options.example_shape
    channels = len(interface.mean)
    shape = (batch, height, width, channels) if interface.layout == 'NHWC' else (batch, channels, height, width)
    generator = torch.Generator().manual_seed(0)
    if interface.dtype == 'uint8':
        return torch.randint(0, 256, shape, dtype=torch.uint8, generator=generator)
    return torch.randn(shape, generator=generator)


@contextmanager
def quiet_tracing() -> Iterator[None]:
    """Without gradients, and without the tracer's warnings.

    They tell of checks on channel numbers, which are constant, and of the exporter's age; what comes out is compared
    with the model anyway.
    """
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter('ignore')
        yield
