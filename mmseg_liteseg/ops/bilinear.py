"""Bilinear resizing as a sparse linear map per axis, so that several resizes in a row become one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from mmseg_liteseg.errors import SettingError


@dataclass(frozen=True)
class AxisMap:
    """One axis of a resize: output i is the sum over t of ``weight[i, t] * input[index[i, t]]``.

    Attributes:
        index: (out, taps) int64, ascending in a row; unused taps repeat the first one.
        weight: (out, taps) float64, not negative, of sum 1 in a row; 0 at unused taps.
    """

    index: np.ndarray
    weight: np.ndarray

    def dense(self, in_size: int) -> np.ndarray:
        """The map as a matrix (out, in_size), float64."""
        matrix = np.zeros((len(self.index), in_size))
        # added, not assigned: unused taps repeat the first one and would overwrite its weight with 0
        np.add.at(matrix, (np.arange(len(self.index))[:, None], self.index), self.weight)
        return matrix


@dataclass(frozen=True)
class Axis:
    """What happens to one axis between the logits and the label map.

    Attributes:
        in_size: Size of the logits.
        mid_size: Size of the first resize.
        start: First position after it that is kept.
        stop: One past the last position that is kept.
        flip: Whether what is kept is reversed.
        out_size: Size of the second resize.
        align_corners: Of both resizes.
    """

    in_size: int
    mid_size: int
    start: int
    stop: int
    flip: bool
    out_size: int
    align_corners: bool

    def __post_init__(self) -> None:
        if min(self.in_size, self.mid_size, self.out_size) < 1:
            raise SettingError(f'sizes must be positive, got {self}')
        if not 0 <= self.start < self.stop <= self.mid_size:
            raise SettingError(f'nothing is left between start={self.start} and stop={self.stop} of {self.mid_size}')


@lru_cache(maxsize=256)
def axis_map(axis: Axis) -> AxisMap:
    """Both resizes, the crop and the flip of one axis as one map of at most four taps."""
    first = resize_map(axis.in_size, axis.mid_size, axis.align_corners)
    second = resize_map(axis.stop - axis.start, axis.out_size, axis.align_corners)
    rows = kept_positions(axis)[second.index]  # (out, 2), positions after the first resize
    index = first.index[rows].reshape(axis.out_size, -1)
    weight = (first.weight[rows] * second.weight[:, :, None]).reshape(axis.out_size, -1)
    return _merge_taps(index, weight)


def kept_positions(axis: Axis) -> np.ndarray:
    """Positions after the first resize that the second one reads, in its order."""
    kept = np.arange(axis.start, axis.stop)
    return kept[::-1] if axis.flip else kept


@lru_cache(maxsize=256)
def resize_map(in_size: int, out_size: int, align_corners: bool) -> AxisMap:
    """One bilinear resize, with the positions that ``F.interpolate`` computes in float32."""
    one = np.float32(1)
    position = np.arange(out_size, dtype=np.float32)
    if in_size == out_size:
        source = position
    elif align_corners:
        source = position * (np.float32(in_size - 1) / np.float32(max(out_size - 1, 1)))
    else:
        scale = np.float32(in_size) / np.float32(out_size)
        # torch's kernels fuse this product and difference: one rounding
        source = ((position + np.float32(0.5)).astype(np.float64) * scale - 0.5).astype(np.float32)
        source = np.maximum(source, np.float32(0))
    left = np.minimum(source.astype(np.int64), in_size - 1)
    right = np.minimum(left + 1, in_size - 1)
    fraction = np.clip(source - left.astype(np.float32), np.float32(0), one)
    # float64, so that the product of two resizes is rounded once
    return AxisMap(np.stack([left, right], 1), np.stack([one - fraction, fraction], 1).astype(np.float64))


def _merge_taps(index: np.ndarray, weight: np.ndarray) -> AxisMap:
    """Sorts each row by index, adds up taps of one index and drops what has no weight."""
    order = np.argsort(index, axis=1, kind='stable')
    index, weight = np.take_along_axis(index, order, 1), np.take_along_axis(weight, order, 1)
    for t in range(index.shape[1] - 1, 0, -1):
        same = index[:, t] == index[:, t - 1]
        weight[same, t - 1] += weight[same, t]
        weight[same, t] = 0
    used = weight > 0
    order = np.argsort(~used, axis=1, kind='stable')  # used taps first, still ascending
    index, weight = np.take_along_axis(index, order, 1), np.take_along_axis(weight, order, 1)
    taps = int(used.sum(1).max())
    index, weight = index[:, :taps], weight[:, :taps]
    return AxisMap(np.where(weight > 0, index, index[:, :1]), weight)
