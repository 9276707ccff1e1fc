# ruff: noqa: ANN001, ANN202, SIM102 (arguments of kernels are pointers and sizes; Triton's `and` takes no tensors)
"""The pass of `ohem_loss` over the pixels as one Triton kernel: no full-size logits at all."""

from __future__ import annotations

from functools import lru_cache

import torch
import triton
import triton.language as tl
from torch import Tensor

from .bilinear import resize_map
from .ohem_sums import OHEMSums

BLOCK_ROWS, BLOCK_COLUMNS = 16, 32


class TritonSums(OHEMSums):
    """`OHEMSums` gathered by a kernel, for float32 logits."""

    def run(self, below: float, start: float | None = None) -> None:
        """Adds the pixels with start <= prob < below."""
        batch, classes, height, width = self.logits.shape
        out_height, out_width = self.targets.label.shape[1:]
        row_taps, row_weight, row_window = _taps(height, out_height, BLOCK_ROWS, self.align_corners, self.logits.device)
        taps, weight, window = _taps(width, out_width, BLOCK_COLUMNS, self.align_corners, self.logits.device)
        grid = (triton.cdiv(out_width, BLOCK_COLUMNS), triton.cdiv(out_height, BLOCK_ROWS), batch)
        # a number per block, added up afterwards in float64 and in a fixed order
        loss = self.logits.new_empty(grid)
        kept = torch.empty(grid, dtype=torch.int32, device=loss.device)
        correct = torch.empty_like(kept)
        with_gradient = self.gradient is not None
        with torch.cuda.device_of(loss):
            _ohem[grid](
                self.logits.contiguous(),
                self.targets.label,
                self.targets.valid.view(torch.uint8),
                # the kernel wants a pointer in each place, even where its flags leave it unread
                self.class_weight if self.class_weight is not None else self.logits,
                self.prob,
                self.gradient if with_gradient else self.logits,
                loss,
                kept,
                correct,
                row_taps,
                row_weight,
                taps,
                weight,
                below,
                0.0 if start is None else start,
                classes,
                height,
                width,
                out_height,
                out_width,
                row_window,
                window,
                self.tie,
                FIRST=start is None,
                WITH_WEIGHT=self.class_weight is not None,
                WITH_GRADIENT=with_gradient,
                BLOCK_ROWS=BLOCK_ROWS,
                BLOCK_COLUMNS=BLOCK_COLUMNS,
            )
        self.loss += loss.sum(dtype=torch.float64)
        self.kept += kept.sum()
        if start is None:
            self.correct += correct.sum()


@lru_cache(maxsize=64)
def _taps(
    in_size: int, out_size: int, block: int, align_corners: bool, device: torch.device
) -> tuple[Tensor, Tensor, int]:
    """Index (2, out), int32, weight (2, out), float32, and how many inputs a block of outputs reads at most."""
    taps = resize_map(in_size, out_size, align_corners)
    first, last = taps.index[::block, 0], taps.index[block - 1 :: block, 1]
    last = last if len(last) == len(first) else [*last, taps.index[-1, 1]]
    index, weight = torch.from_numpy(taps.index.T.copy()), torch.from_numpy(taps.weight.T.copy())
    return index.to(device, torch.int32), weight.to(device, torch.float32), int((last - first).max()) + 1


@triton.jit
def _logit(plane, width, i0, i1, y0, y1, j0, j1, x0, x1, inside):
    """Logits of one class at a block of pixels, upsampled."""
    above = x0 * tl.load(plane + i0 * width + j0, mask=inside, other=0.0)
    above += x1 * tl.load(plane + i0 * width + j1, mask=inside, other=0.0)
    below = x0 * tl.load(plane + i1 * width + j0, mask=inside, other=0.0)
    below += x1 * tl.load(plane + i1 * width + j1, mask=inside, other=0.0)
    return y0 * above + y1 * below


@triton.jit
def _ohem(
    logits,
    labels,
    valids,
    class_weights,
    probs,
    gradients,
    losses,
    kepts,
    corrects,
    row_taps,
    row_weights,
    column_taps,
    column_weights,
    below,
    start,
    classes,
    height,
    width,
    out_height,
    out_width,
    window_rows,
    window_columns,
    tie,
    FIRST: tl.constexpr,
    WITH_WEIGHT: tl.constexpr,
    WITH_GRADIENT: tl.constexpr,
    BLOCK_ROWS: tl.constexpr,
    BLOCK_COLUMNS: tl.constexpr,
):
    """A block of pixels of one image: probability, choice, loss and the gradient at the logits it reads."""
    image = tl.program_id(2).to(tl.int64)
    row = tl.program_id(1) * BLOCK_ROWS + tl.arange(0, BLOCK_ROWS)
    column = tl.program_id(0) * BLOCK_COLUMNS + tl.arange(0, BLOCK_COLUMNS)
    in_rows, in_columns = row < out_height, column < out_width
    inside = in_rows[:, None] & in_columns[None, :]
    pixel = image * out_height * out_width + row[:, None] * out_width + column[None, :]
    plane = logits + image * classes * height * width
    area = height * width

    i0 = tl.load(row_taps + row, mask=in_rows, other=0)
    i1 = tl.load(row_taps + out_height + row, mask=in_rows, other=0)
    y0 = tl.load(row_weights + row, mask=in_rows, other=0.0)
    y1 = tl.load(row_weights + out_height + row, mask=in_rows, other=0.0)
    j0 = tl.load(column_taps + column, mask=in_columns, other=0)
    j1 = tl.load(column_taps + out_width + column, mask=in_columns, other=0)
    x0 = tl.load(column_weights + column, mask=in_columns, other=0.0)
    x1 = tl.load(column_weights + out_width + column, mask=in_columns, other=0.0)
    I0, I1, Y0, Y1 = i0[:, None], i1[:, None], y0[:, None], y1[:, None]
    J0, J1, X0, X1 = j0[None, :], j1[None, :], x0[None, :], x1[None, :]

    label = tl.load(labels + pixel, mask=inside, other=0)
    use = (tl.load(valids + pixel, mask=inside, other=0) != 0) & inside
    top = tl.full((BLOCK_ROWS, BLOCK_COLUMNS), float('-inf'), tl.float32)
    total = tl.zeros((BLOCK_ROWS, BLOCK_COLUMNS), tl.float32)
    true = tl.zeros((BLOCK_ROWS, BLOCK_COLUMNS), tl.float32)
    for c in range(classes):
        logit = _logit(plane + c * area, width, I0, I1, Y0, Y1, J0, J1, X0, X1, inside)
        higher = tl.maximum(top, logit)
        # a running softmax: the sum is rescaled whenever the maximum grows, and no class is held
        total = total * tl.exp(top - higher) + tl.exp(logit - higher)
        top = higher
        true = tl.where(label == c, logit, true)

    if FIRST:
        prob = tl.exp(true - top) / total
        tl.store(probs + pixel, prob, mask=inside)
        # all logits are equal where a ReLU left nothing
        right = use & (true == top) & ((total < classes) | (label == tie))
        right = tl.sum(tl.sum(right.to(tl.int32), axis=1), axis=0)
        use = use & ((prob >= below) == 0)  # so that a NaN is kept, and seen in the loss
    else:
        prob = tl.load(probs + pixel, mask=inside, other=0.0)
        right = 0
        use = use & (prob >= start) & (prob < below)
    share = use.to(tl.float32)
    if WITH_WEIGHT:
        share *= tl.load(class_weights + label, mask=inside, other=0.0)
    loss = tl.where(use, (tl.log(total) + top - true) * share, 0.0)
    kept = tl.sum(tl.sum(use.to(tl.int32), axis=1), axis=0)
    block = (tl.program_id(0) * tl.num_programs(1) + tl.program_id(1)) * tl.num_programs(2) + tl.program_id(2)
    tl.store(losses + block, tl.sum(tl.sum(loss, axis=1), axis=0))
    tl.store(kepts + block, kept)
    tl.store(corrects + block, right)

    if WITH_GRADIENT:
        # a block of easy pixels has no gradient, and most are easy once a model has learnt
        if kept > 0:
            i = tl.load(row_taps + tl.program_id(1) * BLOCK_ROWS)
            j = tl.load(column_taps + tl.program_id(0) * BLOCK_COLUMNS)
            for c in range(classes):
                logit = _logit(plane + c * area, width, I0, I1, Y0, Y1, J0, J1, X0, X1, inside)
                change = (tl.exp(logit - top) / total - (label == c).to(tl.float32)) * share
                change = tl.where(use, change, 0.0)
                target = gradients + (image * classes + c) * area
                for x in range(window_columns):
                    pull = X0 * (j + x == J0).to(tl.float32) + X1 * (j + x == J1).to(tl.float32)
                    column_sum = tl.sum(change * pull, axis=1)
                    for y in range(window_rows):
                        pull_row = y0 * (i + y == i0).to(tl.float32) + y1 * (i + y == i1).to(tl.float32)
                        reached = (i + y < height) & (j + x < width)
                        tl.atomic_add(
                            target + (i + y) * width + j + x, tl.sum(column_sum * pull_row, axis=0), mask=reached
                        )
