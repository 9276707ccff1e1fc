# ruff: noqa: ANN001, ANN202 (arguments of kernels are pointers and sizes)
"""`upsample_argmax` as Triton kernels: columns first, then rows with a running maximum over classes."""

from __future__ import annotations

from functools import lru_cache

import torch
import triton
import triton.language as tl
from torch import Tensor

from .bilinear import Axis, axis_map

BLOCK_ROWS, BLOCK_COLUMNS = 8, 128


def upsample_argmax(logits: Tensor, rows: Axis, columns: Axis) -> Tensor:
    """As `label_map.upsample_argmax`, for float32 logits that have been checked.

    What it holds besides the result are the logits at the width of the result and their own height.
    """
    logits = logits.contiguous()
    batch, classes, height, width = logits.shape
    out_height, out_width = rows.out_size, columns.out_size
    wide = logits.new_empty((batch, classes, height, out_width))
    labels = logits.new_empty((batch, out_height, out_width), dtype=torch.long)
    column_index, column_weight = _taps(columns, logits.device)
    row_index, row_weight = _taps(rows, logits.device)
    blocks = triton.cdiv(out_width, BLOCK_COLUMNS)
    planes = batch * classes * height
    with torch.cuda.device_of(logits):
        _widen[(triton.cdiv(planes, BLOCK_ROWS), blocks)](
            logits,
            column_index,
            column_weight,
            wide,
            planes,
            width,
            out_width,
            TAPS=len(column_index),
            BLOCK_ROWS=BLOCK_ROWS,
            BLOCK_COLUMNS=BLOCK_COLUMNS,
        )
        _argmax_rows[(blocks, triton.cdiv(out_height, BLOCK_ROWS), batch)](
            wide,
            row_index,
            row_weight,
            labels,
            classes,
            height,
            out_height,
            out_width,
            TAPS=len(row_index),
            BLOCK_ROWS=BLOCK_ROWS,
            BLOCK_COLUMNS=BLOCK_COLUMNS,
        )
    return labels


@lru_cache(maxsize=64)
def _taps(axis: Axis, device: torch.device) -> tuple[Tensor, Tensor]:
    """Index (taps, out), int32, and weight (taps, out), float32: neighbouring outputs lie side by side."""
    taps = axis_map(axis)
    index, weight = torch.from_numpy(taps.index.T.copy()), torch.from_numpy(taps.weight.T.copy())
    return index.to(device, torch.int32), weight.to(device, torch.float32)


@triton.jit
def _widen(
    x,
    index,
    weight,
    out,
    rows,
    width,
    out_width,
    TAPS: tl.constexpr,
    BLOCK_ROWS: tl.constexpr,
    BLOCK_COLUMNS: tl.constexpr,
):
    """Some rows, of whatever channel and image, at the width of the result."""
    # offsets into all channels of a batch exceed 32 bits
    row = tl.program_id(0).to(tl.int64) * BLOCK_ROWS + tl.arange(0, BLOCK_ROWS)
    column = tl.program_id(1) * BLOCK_COLUMNS + tl.arange(0, BLOCK_COLUMNS)
    inside = (row < rows)[:, None] & (column < out_width)[None, :]
    total = tl.zeros((BLOCK_ROWS, BLOCK_COLUMNS), tl.float32)
    for t in tl.static_range(TAPS):
        source = tl.load(index + t * out_width + column, mask=column < out_width, other=0)
        share = tl.load(weight + t * out_width + column, mask=column < out_width, other=0.0)
        total += share[None, :] * tl.load(x + row[:, None] * width + source[None, :], mask=inside, other=0.0)
    tl.store(out + row[:, None] * out_width + column[None, :], total, mask=inside)


@triton.jit
def _argmax_rows(
    wide,
    index,
    weight,
    labels,
    classes,
    height,
    out_height,
    out_width,
    TAPS: tl.constexpr,
    BLOCK_ROWS: tl.constexpr,
    BLOCK_COLUMNS: tl.constexpr,
):
    """A block of pixels: each row of the result blends TAPS rows of ``wide``."""
    column = tl.program_id(0) * BLOCK_COLUMNS + tl.arange(0, BLOCK_COLUMNS)
    row = tl.program_id(1) * BLOCK_ROWS + tl.arange(0, BLOCK_ROWS)
    image = tl.program_id(2).to(tl.int64)
    inside = (row < out_height)[:, None] & (column < out_width)[None, :]
    best = tl.full((BLOCK_ROWS, BLOCK_COLUMNS), float('-inf'), tl.float32)
    label = tl.zeros((BLOCK_ROWS, BLOCK_COLUMNS), tl.int64)
    for c in range(classes):
        plane = wide + (image * classes + c) * height * out_width
        logit = tl.zeros((BLOCK_ROWS, BLOCK_COLUMNS), tl.float32)
        for t in tl.static_range(TAPS):
            source = tl.load(index + t * out_height + row, mask=row < out_height, other=0)
            share = tl.load(weight + t * out_height + row, mask=row < out_height, other=0.0)
            knot = tl.load(plane + source[:, None] * out_width + column[None, :], mask=inside, other=0.0)
            logit += share[:, None] * knot
        # strictly, so that the first of equal classes wins as in argmax
        better = logit > best
        best = tl.where(better, logit, best)
        label = tl.where(better, c, label)
    target = labels + image * out_height * out_width + row[:, None] * out_width + column[None, :]
    tl.store(target, label, mask=inside)
