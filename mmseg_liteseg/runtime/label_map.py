"""From logits to a label map, without torch and without full-size channels."""

from __future__ import annotations

from functools import lru_cache
from typing import Iterable, Iterator, NamedTuple

import cv2
import numpy as np

from mmseg_liteseg.ops.bilinear import Axis, AxisMap, axis_map

# Side of the tiles, in pixels of the result: a class's logits of one take 64 KiB.
TILE = 128


class Tile(NamedTuple):
    """A stretch of one axis of the result: start..stop is ``matrix`` (stop - start, high - low) times low..high."""

    start: int
    stop: int
    low: int
    high: int
    matrix: np.ndarray
    transposed: np.ndarray


def label_map(logits: np.ndarray, sizes: Iterable[tuple[int, int]], align_corners: bool, dtype: type) -> np.ndarray:
    """Argmax after one bilinear resize or two; the first of equal classes wins.

    Both resizes are one linear map per axis with weights that are not negative and sum to 1. So within a tile a class
    can win only if its largest logit is not below another class's smallest one, and few classes are left to compute.

    Args:
        logits: (C, h, w).
        sizes: (H, W) of one resize or of two, one after the other.
        align_corners: Of all resizes.
        dtype: Of the labels.

    Returns:
        (H, W) at the last of ``sizes``.

    Raises:
        ValueError: There are no sizes or more than two.
    """
    sizes = list(sizes)
    if len(sizes) not in (1, 2):
        raise ValueError(f'sizes: expected one or two, got {sizes}')
    logits = np.asarray(logits, np.float32)
    heights, widths = zip(*sizes)
    columns = _tiles(logits.shape[2], widths, align_corners)
    mask = np.empty((heights[-1], widths[-1]), dtype)
    for row in _tiles(logits.shape[1], heights, align_corners):
        band = logits[:, row.low : row.high]
        highest, lowest = band.max(1), band.min(1)
        for column in columns:
            stretch = slice(column.low, column.high)
            # a NaN keeps every class
            able = ~(highest[:, stretch].max(1) < lowest[:, stretch].min(1).max())
            labels = np.flatnonzero(able)
            out = mask[row.start : row.stop, column.start : column.stop]
            if len(labels) == 1:
                out[:] = labels[0]
            else:
                out[:] = _argmax(row.matrix @ band[labels][:, :, stretch] @ column.transposed, labels)
    return mask


def resize_tiles(
    logits: np.ndarray, sizes: Iterable[tuple[int, int]], align_corners: bool
) -> Iterator[tuple[tuple[slice, slice], np.ndarray]]:
    """Resized logits piece by piece: where each goes in the result, and its logits (C, rows, columns).

    Args:
        logits: (C, h, w).
        sizes: (H, W) of one resize or of two, one after the other.
        align_corners: Of all resizes.
    """
    logits = np.asarray(logits, np.float32)
    heights, widths = zip(*sizes)
    for row in _tiles(logits.shape[1], heights, align_corners):
        for column in _tiles(logits.shape[2], widths, align_corners):
            tile = row.matrix @ logits[:, row.low : row.high, column.low : column.high] @ column.transposed
            yield (slice(row.start, row.stop), slice(column.start, column.stop)), tile


def _argmax(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Logits (n, H, W) of some classes, in ascending order -> (H, W), the label of the largest; overwrites them."""
    labels = labels.astype(np.uint8 if labels[-1] < 256 else np.uint16)
    best = logits[0]
    mask = np.full(best.shape, labels[0])
    for label, channel in zip(labels[1:], logits[1:]):
        above = cv2.compare(channel, best, cv2.CMP_GT)  # all bits where it is
        # cv2.compare gives 255 in 8 bits: as a signed number it widens to all ones
        if labels.itemsize > 1:
            above = above.view(np.int8).astype(labels.dtype)
        above &= label
        cv2.max(mask, above, dst=mask)
        cv2.max(best, channel, dst=best)
    return mask


@lru_cache(maxsize=64)
def _tiles(in_size: int, sizes: tuple[int, ...], align_corners: bool) -> list[Tile]:
    """Both resizes of one axis, cut into tiles."""
    middle, out = sizes[0], sizes[-1]
    taps = axis_map(Axis(in_size, middle, 0, middle, False, out, align_corners))
    tiles = []
    for start in range(0, out, TILE):
        stop = min(start + TILE, out)
        index, weight = taps.index[start:stop], taps.weight[start:stop]
        low, high = int(index.min()), int(index.max()) + 1
        # weights were multiplied in float64: one rounding for both resizes
        matrix = AxisMap(index - low, weight).dense(high - low).astype(np.float32)
        tiles.append(Tile(start, stop, low, high, matrix, np.ascontiguousarray(matrix.T)))
    return tiles
