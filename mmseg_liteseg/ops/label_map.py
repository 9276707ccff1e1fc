"""From low-resolution logits straight to a label map, without full-size channels."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from mmseg_liteseg.errors import SettingError

from .backend import use_triton
from .bilinear import Axis, AxisMap, axis_map
from .kernel_checks import LABEL_MAP
from .label_plan import LabelPlan, label_plan
from .upsampler import BAND, Band, make_bands

# Elements of one temporary tensor: 4 MiB in float32, about a core's share of the cache.
CHUNK = 1 << 20
# Columns of pixels that are computed for all classes at a time.
SETTLED = 1 << 13


@torch.no_grad()
def upsample_argmax(logits: Tensor, rows: Axis, columns: Axis) -> Tensor:
    """Class of every pixel after two bilinear resizes with a crop and a flip in between.

    The same as ``F.interpolate`` to the middle size, crop, flip, ``F.interpolate`` to the output size and argmax over
    channels (the first of equal classes), but for pixels where two classes tie within rounding.

    Both resizes are one linear map per axis, with weights that are not negative and sum to 1. The columns are resized
    first; the rows of the result are the knots of `label_plan`. In a column between two knots with classes a and b,

    * a = b: every line in between has this class, whatever the weights;
    * else a gives way to b where they cross, unless a third class is above both at the crossing (then the lines are
      computed for all classes);
    * a blend of two lines with one class has this class; else it is computed for all classes.

    Args:
        logits: (N, C, h, w), of any floating-point type; half precision is computed in float32.
        rows: What happens to the rows; ``rows.in_size`` is h.
        columns: What happens to the columns; ``columns.in_size`` is w.

    Returns:
        (N, rows.out_size, columns.out_size), int64.

    Raises:
        SettingError: logits do not fit rows and columns.
    """
    if logits.ndim != 4 or logits.shape[2:] != (rows.in_size, columns.in_size):
        raise SettingError(
            f'logits must have shape (N, C, {rows.in_size}, {columns.in_size}), got {tuple(logits.shape)}'
        )
    if logits.dtype not in (torch.float32, torch.float64):
        logits = logits.float()
    if use_triton(logits):
        return LABEL_MAP.run(
            logits, lambda: _by_kernels(logits, rows, columns), lambda: _by_torch(logits, rows, columns)
        )
    return _by_torch(logits, rows, columns)


def _by_kernels(logits: Tensor, rows: Axis, columns: Axis) -> Tensor:
    from . import label_map_kernels

    return label_map_kernels.upsample_argmax(logits, rows, columns)


def _by_torch(logits: Tensor, rows: Axis, columns: Axis) -> Tensor:
    labels = logits.new_empty((len(logits), rows.out_size, columns.out_size), dtype=torch.long)
    plan = label_plan(rows, logits.device, logits.dtype)
    step = max(64, CHUNK // (logits.shape[1] * rows.in_size))
    # autocast would round the matrix products to half precision
    with torch.autocast(logits.device.type, enabled=False):
        for image, out in zip(logits, labels):
            for start in range(0, columns.out_size, step):
                stop = min(start + step, columns.out_size)
                knots = _resize_columns(image, columns, start, stop)
                out[:, start:stop].copy_(_labels_of_columns(knots, plan))
    return labels


def _resize_columns(image: Tensor, columns: Axis, start: int, stop: int) -> Tensor:
    """(C, h, w) -> columns start..stop of the result, (C, h, stop - start)."""
    if image.device.type == 'cpu':
        knots = image.new_empty((image.shape[0] * image.shape[1], stop - start))
        for band in _column_bands(columns, start, stop, image.dtype):
            torch.mm(image[..., band.into].flatten(0, 1), band.matrix.t(), out=knots[:, band.out])
        return knots.view(*image.shape[:2], -1)
    # a GPU might round the factors of a matrix product to TF32
    taps = axis_map(columns)
    index = torch.from_numpy(taps.index[start:stop].T.copy()).to(image.device)
    weight = torch.from_numpy(taps.weight[start:stop].T.copy()).to(image)
    return sum(image.index_select(2, i) * w for i, w in zip(index, weight))


@lru_cache(maxsize=64)
def _column_bands(columns: Axis, start: int, stop: int, dtype: torch.dtype) -> tuple[Band, ...]:
    taps = axis_map(columns)
    part = AxisMap(taps.index[start:stop], taps.weight[start:stop])
    return make_bands(part, columns.in_size, BAND, torch.device('cpu'), dtype)


def _labels_of_columns(knots: Tensor, plan: LabelPlan) -> Tensor:
    """Logits (C, h, n) at the knots -> labels (out, n), of a small integer type."""
    best = knots.amax(0)
    label = _first_argmax(knots, best)
    lines = _labels_of_lines(knots, best, label, plan)
    rows = lines.index_select(0, plan.line[:, 0])
    if len(plan.blends):
        _settle_blends(rows, lines, knots, plan)
    return torch.sub(len(knots) - 1, rows)


def _labels_of_lines(knots: Tensor, best: Tensor, label: Tensor, plan: LabelPlan) -> Tensor:
    """Labels (lines, n) from the crossings between the knots' two classes."""
    first, second = _rows(knots, 1, plan.first), _rows(knots, 1, plan.second)
    a, b = _rows(label, 0, plan.first), _rows(label, 0, plan.second)
    a_first, b_second = _rows(best, 0, plan.first), _rows(best, 0, plan.second)
    a_second = _pick(second, a)
    b_first = _pick(first, b)
    lead, lag = a_first - b_first, b_second - a_second  # both >= 0
    # of equal classes both are 0, and so is their difference below: any crossing will do
    crossing = lead / (lead + lag).clamp_(min=torch.finfo(lead.dtype).tiny)

    lines = label.new_empty((len(plan.weight), label.shape[1]))
    difference = a - b  # modulo 256, as the sum below
    for (low, high), (start, stop) in plan.runs:
        before = plan.weight[start:stop].view(high - low, -1, 1) < crossing[low:high, None]
        before = before.view(torch.uint8).to(label.dtype).mul_(difference[low:high, None])
        torch.add(before, b[low:high, None], out=lines[start:stop].view(before.shape))

    top = torch.lerp(first, second, crossing).amax(0)
    known = torch.maximum(torch.lerp(a_first, a_second, crossing), torch.lerp(b_first, b_second, crossing))
    pair, column = (top > known).nonzero(as_tuple=True)
    if len(pair):
        _settle_lines(lines, pair, column, knots, plan)
    return lines


def _settle_lines(lines: Tensor, pair: Tensor, column: Tensor, knots: Tensor, plan: LabelPlan) -> None:
    """Labels the lines of the given pairs and columns, where more than two classes take turns, in place.

    Walks along the upper envelope of the classes' straight lines: the next class is the one that is crossed first.
    """
    classes, _, width = knots.shape
    knots = knots.view(classes, -1)
    tiny = torch.finfo(knots.dtype).tiny
    for p, c in zip(pair.split(SETTLED), column.split(SETTLED)):
        first = knots.index_select(1, plan.first[p] * width + c)
        slope = knots.index_select(1, plan.second[p] * width + c) - first
        line = plan.lines_of_pair[:, p]
        weight = plan.weight[line, 0]
        label = _first_argmax(first, first.amax(0))
        result = label.expand(line.shape)
        # ends after as many rounds as there are classes: along the envelope every next line is steeper
        while True:
            # how soon a class overtakes, as the inverse of the weight where it does: above 1 within the pair
            haste = (slope - _pick(slope, label)).div_((_pick(first, label) - first).clamp_(min=tiny))
            soonest = haste.amax(0)
            if not (soonest > 1).any():
                break
            label = torch.where(soonest > 1, _first_argmax(haste, soonest), label)
            result = torch.where(weight * soonest > 1, label, result)
        lines[line, c] = result


def _settle_blends(rows: Tensor, lines: Tensor, knots: Tensor, plan: LabelPlan) -> None:
    """Computes the blends whose two lines differ for all classes, in place."""
    differ = rows.index_select(0, plan.blends) != lines.index_select(0, plan.line[plan.blends, 1])
    blend, column = differ.nonzero(as_tuple=True)
    classes, _, width = knots.shape
    knots = knots.view(classes, -1)
    for r, c in zip(plan.blends[blend].split(SETTLED), column.split(SETTLED)):
        logits = 0
        for taps, weight in zip(plan.taps[r].unbind(1), plan.tap_weight[r].unbind(1)):
            logits = logits + knots.index_select(1, taps * width + c).mul_(weight)
        rows[r, c] = _first_argmax(logits, logits.amax(0))


def _first_argmax(logits: Tensor, best: Tensor) -> Tensor:
    """First class (dimension 0) that reaches ``best``, counted from the last class: C - 1 - argmax.

    Several times faster than torch.argmax over any but the last dimension. uint8, or int16 for many classes.
    """
    hit = (logits == best).view(torch.uint8)
    classes = len(logits)
    if classes > 256:
        hit = hit.to(torch.int16)
    rank = torch.arange(classes - 1, -1, -1, dtype=hit.dtype, device=hit.device)
    return hit.mul_(rank.view(-1, *[1] * (logits.ndim - 1))).amax(0)


def _pick(logits: Tensor, label: Tensor) -> Tensor:
    """Logits (C, pairs, n) of the labels (pairs, n), which count from the last class."""
    return logits.gather(0, torch.sub(len(logits) - 1, label).long()[None])[0]


def _rows(x: Tensor, dim: int, index: Tensor) -> Tensor:
    """``index_select``, without a copy where the index is a range."""
    low, count = int(index[0]), len(index)
    if count == int(index[-1]) - low + 1:  # unique and ascending
        return x.narrow(dim, low, count)
    return x.index_select(dim, index)
