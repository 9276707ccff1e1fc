"""Bilinear upsampling of a few output rows at a time, and its adjoint."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from .bilinear import AxisMap, resize_map

# Outputs of one matrix: few enough to read few inputs, many enough for a product worth its call.
BAND = 128


@dataclass(frozen=True)
class Band:
    """Outputs ``out`` of one axis as a matrix (out, in) over the inputs ``into`` that they read."""

    out: slice
    into: slice
    matrix: Tensor


class RowUpsampler:
    """Resizes images (C, h, w) to (C, H, W), bilinearly, some rows of the result at a time.

    Works by products with small matrices, which on a CPU are faster than ``F.interpolate`` and, transposed, far faster
    than its backward.

    Args:
        in_size: (h, w).
        out_size: (H, W).
        align_corners: As of ``F.interpolate``.
        rows: Rows of the result per chunk.
        like: Tensor whose type and device the matrices take.

    Attributes:
        chunks: Rows of the result in each chunk.

    Example:
        >>> image = torch.rand(19, 45, 60)
        >>> upsampler = RowUpsampler((45, 60), (360, 480), False, rows=100, like=image)
        >>> wide = upsampler.widen(image)
        >>> [tuple(upsampler.up(wide, i).shape) for i in range(len(upsampler.chunks))]
        [(19, 100, 480), (19, 100, 480), (19, 100, 480), (19, 60, 480)]
    """

    def __init__(
        self, in_size: tuple[int, int], out_size: tuple[int, int], align_corners: bool, rows: int, like: Tensor
    ) -> None:
        kind = (align_corners, like.device, like.dtype)
        self._rows = _bands(in_size[0], out_size[0], rows, *kind)
        self._columns = _bands(in_size[1], out_size[1], BAND, *kind)
        self._size = (*in_size, out_size[1])
        self.chunks = tuple(band.out for band in self._rows)

    def widen(self, image: Tensor) -> Tensor:
        """(C, h, w) -> all columns, (C, h, W)."""
        height, _, width = self._size
        wide = image.new_empty((len(image) * height, width))
        for band in self._columns:
            torch.mm(image[..., band.into].flatten(0, 1), band.matrix.t(), out=wide[:, band.out])
        return wide.view(-1, height, width)

    def up(self, wide: Tensor, i: int) -> Tensor:
        """(C, h, W) -> chunk i of the result, (C, rows, W)."""
        band = self._rows[i]
        return band.matrix @ wide[:, band.into]

    def add_down(self, gradient: Tensor, i: int, wide: Tensor) -> None:
        """Adds the adjoint of `up`, applied to ``gradient`` (C, rows, W), to ``wide`` (C, h, W)."""
        band = self._rows[i]
        wide[:, band.into] += band.matrix.t() @ gradient

    def narrow(self, wide: Tensor) -> Tensor:
        """The adjoint of `widen`: (C, h, W) -> (C, h, w)."""
        height, in_width, width = self._size
        image = wide.new_zeros((len(wide) * height, in_width))
        for band in self._columns:
            image[:, band.into].addmm_(wide.view(-1, width)[:, band.out], band.matrix)
        return image.view(-1, height, in_width)


@lru_cache(maxsize=128)
def _bands(
    in_size: int, out_size: int, length: int, align_corners: bool, device: torch.device, dtype: torch.dtype
) -> tuple[Band, ...]:
    """A resize as bands of ``length`` outputs each."""
    return make_bands(resize_map(in_size, out_size, align_corners), in_size, length, device, dtype)


def make_bands(taps: AxisMap, in_size: int, length: int, device: torch.device, dtype: torch.dtype) -> tuple[Band, ...]:
    """A linear map of one axis as bands of ``length`` outputs each, which read few inputs, however long the axis is."""
    dense, count = torch.from_numpy(taps.dense(in_size)), len(taps.index)
    bands = []
    for start in range(0, count, length):
        out = slice(start, min(start + length, count))
        into = slice(int(taps.index[out].min()), int(taps.index[out].max()) + 1)
        bands.append(Band(out, into, dense[out, into].to(device, dtype)))
    return tuple(bands)
