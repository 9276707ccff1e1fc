"""Curves of loss and mIoU from what mmengine writes while it trains."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Dict, List, Tuple

import numpy as np

from mmseg_liteseg.errors import DataError

from .files import replaced_by

Curves = Dict[str, Tuple[List[int], List[float]]]
"""Steps and values by name."""


def read_scalars(work_dir: str | Path) -> Curves:
    """Reads the scalars of every training in a work folder, oldest first.

    A resumed training goes on in a file of its own: where two files hold the same step, the later one counts. Files
    without a training loss (of tests) are left out.

    Args:
        work_dir: Work folder of tools/train.py, with ``TIME/vis_data/scalars.json`` in it.

    Raises:
        FileNotFoundError: There is no training in the folder.
        DataError: A line of a file is no JSON object.
    """
    values: dict[str, dict[int, float]] = {}
    for path in sorted(Path(work_dir).glob('*/vis_data/scalars.json')):
        records = _read_lines(path)
        if any('loss' in record for record in records):
            _merge(values, records)
    if not values:
        raise FileNotFoundError(f'{work_dir}: no training found, expected TIME/vis_data/scalars.json with a loss in it')
    return {key: (sorted(steps), [steps[step] for step in sorted(steps)]) for key, steps in values.items()}


def _read_lines(path: Path) -> list[dict]:
    """JSON objects of a file, one a line; the last line may be cut short by an interruption."""
    lines = path.read_text(encoding='utf-8').splitlines()
    records = []
    for number, line in enumerate(lines, 1):
        try:
            records.append(json.loads(line))
        except json.JSONDecodeError as error:
            if number < len(lines):
                raise DataError(f'{path}, line {number}: expected a JSON object') from error
    return records


def _merge(values: dict[str, dict[int, float]], records: list[dict]) -> None:
    """Adds one file's records; a training that started anew replaces what an older one wrote from that step on."""
    # from its first loss on: a validation's step may be that of the checkpoint resumed from
    start = min(int(record['step']) for record in records if 'loss' in record)
    for steps in values.values():
        for step in [step for step in steps if step >= start]:
            del steps[step]
    for record in records:
        for key, value in record.items():
            if key not in ('step', 'iter', 'epoch') and isinstance(value, (int, float)):
                values.setdefault(key, {})[int(record['step'])] = float(value)


def draw_curves(curves: Curves, path: str | Path, metric: str = 'mIoU') -> None:
    """Draws training losses (left, logarithmic) and the validation metric (right) into a PNG file.

    Args:
        curves: From :func:`read_scalars`.
        path: The file to write.
        metric: Name of the validation metric, in percent.
    """
    # not pyplot, which looks for a screen and keeps every figure
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4.2), dpi=110, layout='constrained')
    canvas = FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    # the total first, which gets the first colour
    for key in sorted((key for key in curves if 'loss' in key), key=lambda key: (key != 'loss', key)):
        left.plot(*curves[key], label=key, linewidth=2.0 if key == 'loss' else 1.0)
    left.set(title='training loss', xlabel='iteration', yscale='log')
    left.legend()
    if curves.get(metric):
        steps, values = curves[metric]
        right.plot(steps, values, marker='o')
        best = int(np.nanargmax(values)) if np.isfinite(values).any() else 0
        right.annotate(f'{values[best]:.2f}', (steps[best], values[best]), textcoords='offset points', xytext=(0, 7))
    right.set(title=f'validation {metric} (%)', xlabel='iteration', ylim=(0, 100))
    for axes in (left, right):
        axes.grid(alpha=0.3)
    with replaced_by(path) as temporary:
        canvas.print_png(str(temporary))
