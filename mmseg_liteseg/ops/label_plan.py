"""Where each row of a label map lies between the rows of the logits.

Rows of the logits are called knots here. Between two knots the logits of a column are straight lines over the weight of
the second knot, so a *line* (one position between two knots) needs no more than the crossing of two classes. An output
row is a line, or, where two resizes meet at a knot, a blend of two lines.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

import numpy as np
import torch
from torch import Tensor

from .bilinear import Axis, AxisMap, axis_map, kept_positions, resize_map


@dataclass(frozen=True)
class LabelPlan:
    """Rows of a label map as lines between knots.

    Attributes:
        first: (pairs,) first knot of each pair that has lines.
        second: (pairs,) second knot.
        runs: Neighbouring pairs with equally many lines each, as (start, stop) into the pairs and into the lines.
        lines_of_pair: (longest span, pairs) lines of each pair; short spans repeat their last line.
        weight: (lines, 1) weight of the second knot, ascending pairs.
        line: (out, 2) lines of each output row; twice the same where it is one line.
        blends: (blends,) output rows between two lines.
        taps: (out, t) knots of each output row.
        tap_weight: (out, t) their weights.
    """

    first: Tensor
    second: Tensor
    runs: tuple[tuple[tuple[int, int], tuple[int, int]], ...]
    lines_of_pair: Tensor
    weight: Tensor
    line: Tensor
    blends: Tensor
    taps: Tensor
    tap_weight: Tensor


@lru_cache(maxsize=32)
def label_plan(axis: Axis, device: torch.device, dtype: torch.dtype) -> LabelPlan:
    """The plan of one axis, kept for the next image of the same sizes."""
    rows = axis_map(axis)
    knots, weight, line, blends = _lines(axis, rows)
    pair, which = np.unique(knots, axis=0, return_inverse=True)
    order = np.argsort(which.reshape(-1), kind='stable')
    count = np.bincount(which.reshape(-1), minlength=len(pair))
    ends = np.cumsum(count)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))

    def index(array: np.ndarray) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(device)

    return LabelPlan(
        first=index(pair[:, 0]),
        second=index(pair[:, 1]),
        runs=_runs(count.tolist()),
        lines_of_pair=index(np.minimum(ends - count + np.arange(count.max())[:, None], ends - 1)),
        weight=index(weight[order, None]).to(dtype),
        line=index(rank[line]),
        blends=index(blends),
        taps=index(rows.index),
        tap_weight=index(rows.weight).to(dtype),
    )


def _runs(counts: list[int]) -> tuple[tuple[tuple[int, int], tuple[int, int]], ...]:
    runs, pair, line = [], 0, 0
    for count, group in groupby(counts):
        pairs = len(list(group))
        runs.append(((pair, pair + pairs), (line, line + pairs * count)))
        pair, line = pair + pairs, line + pairs * count
    return tuple(runs)


def _lines(axis: Axis, rows: AxisMap) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Knots (lines, 2) and weight (lines,) of all lines, lines (out, 2) of the output rows, and the rows that blend."""
    used = (rows.weight > 0).sum(1)
    blends = np.flatnonzero(used > 2)
    knots = rows.index[:, :2] if rows.index.shape[1] > 1 else rows.index.repeat(2, axis=1)
    weight = np.where(used > 1, rows.weight[:, min(1, rows.weight.shape[1] - 1)], 0.0)
    line = np.arange(axis.out_size)[:, None].repeat(2, axis=1)
    if len(blends):
        # lines of their own: the rows of the first resize that a blend lies between
        between = kept_positions(axis)[
            resize_map(axis.stop - axis.start, axis.out_size, axis.align_corners).index[blends]
        ]
        middle, which = np.unique(between, return_inverse=True)
        first = resize_map(axis.in_size, axis.mid_size, axis.align_corners)
        knots = np.concatenate([knots, first.index[middle]])
        weight = np.concatenate([weight, first.weight[middle, 1]])
        line[blends] = axis.out_size + which.reshape(between.shape)
        # a blend's own line is never read: it repeats a real one, lest it make a pair of knots of its own
        knots[blends], weight[blends] = knots[line[blends, 0]], weight[line[blends, 0]]
    return (*_on_pairs(knots, weight, axis.in_size), line, blends)


def _on_pairs(knots: np.ndarray, weight: np.ndarray, in_size: int) -> tuple[np.ndarray, np.ndarray]:
    """Puts the lines that lie on a knot between it and a neighbour, so that they share a pair with others."""
    knots, weight = knots.copy(), weight.copy()
    alone = (weight == 0) | (knots[:, 0] == knots[:, 1])
    knots[alone, 1] = knots[alone, 0] + 1
    weight[alone] = 0
    # nothing lies behind the last knot: it is the far end of the pair before
    last = alone & (knots[:, 1] == in_size) & (in_size > 1)
    knots[last], weight[last] = knots[last] - 1, 1
    return np.minimum(knots, in_size - 1), weight
