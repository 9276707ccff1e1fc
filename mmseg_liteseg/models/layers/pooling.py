"""Adaptive average pooling that stays exact in every exporter.

The bins of adaptive pooling overlap wherever their number does not divide the size. Exporters replace it by a plain
average pooling, with a kernel that is floored or baked from the example's size, and so change the result without a
word; torch.compile makes a new graph for every size. The two forms below say the same in operators that all of them
carry over, at any size.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

# torch < 2.1 has no such question to ask.
_is_compiling = getattr(getattr(torch, 'compiler', None), 'is_compiling', lambda: False)


def adaptive_avg_pool(x: Tensor, bins: int) -> Tensor:
    """Averages (N, C, H, W) over ``bins`` x ``bins`` cells: (N, C, bins, bins).

    Bin i of a side of length L covers floor(i * L / bins) up to ceil((i + 1) * L / bins), as in F.adaptive_avg_pool2d.
    Which form runs depends only on who traces the model: torch.compile and torch.export, the ONNX exporter, or nobody.
    """
    if _is_compiling():
        return _pool_by_weights(_pool_by_weights(x, bins, dim=2), bins, dim=3)
    if torch.onnx.is_in_onnx_export():
        return _pool_by_slices(_pool_by_slices(x, bins, dim=2), bins, dim=3)
    return F.adaptive_avg_pool2d(x, bins)


def _pool_by_slices(x: Tensor, bins: int, dim: int) -> Tensor:
    """One slice and mean per bin: sizes may be traced tensors, and become constants where they are not."""
    length = x.shape[dim]
    means = []
    for i in range(bins):
        start, stop = i * length // bins, ((i + 1) * length + bins - 1) // bins
        piece = x[:, :, start:stop] if dim == 2 else x[:, :, :, start:stop]
        means.append(piece.mean(dim, keepdim=True))
    return torch.cat(means, dim)


def _pool_by_weights(x: Tensor, bins: int, dim: int) -> Tensor:
    """Weighted sums: no slice bound depends on the size, so that one graph serves all of them."""
    length = x.shape[dim]
    i = torch.arange(bins, device=x.device)[:, None]
    position = torch.arange(length, device=x.device)
    start, stop = i * length // bins, ((i + 1) * length + bins - 1) // bins
    weight = ((position >= start) & (position < stop)) / (stop - start)
    # a product and a sum rather than a matmul, which autocast would round to half precision
    if dim == 2:
        weight = weight[:, :, None]
    return (x.unsqueeze(dim) * weight).sum(dim + 1).to(x.dtype)
