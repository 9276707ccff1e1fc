"""Curves of all trainings under a budget in one picture."""

from __future__ import annotations

from pathlib import Path
from typing import Sequence

from mmseg_liteseg.visualization.files import replaced_by

from .results import Run


def draw(runs: Sequence[Run], path: str | Path) -> None:
    """Draws training loss (left; each model's own losses, so only the shapes compare) and validation mIoU (right).

    Models have a colour each, a model's seeds share it; unfinished trainings are dashed.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 4.6), dpi=110, layout='constrained')
    canvas = FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    names = list(dict.fromkeys(run.name for run in runs))
    for run in runs:
        index = names.index(run.name)
        first = run is next(other for other in runs if other.name == run.name)
        style = dict(
            color=f'C{index % 10}',
            linestyle='-' if run.last else '--',
            linewidth=2.0 if run.name == 'T' else 1.1,
            label=run.name if first else None,
        )
        left.plot(*zip(*[(line['iter'], line['loss']) for line in run.losses]), **style)
        if run.validations:
            points = [(line['iter'], 100 * line['mIoU']) for line in run.validations]
            right.plot(*zip(*points), marker='o' if index < 10 else 's', markersize=3, **style)
    left.set(title="training loss (each model's own)", xlabel='iteration', yscale='log')
    right.set(title='validation mIoU (%)', xlabel='iteration')
    right.set_ylim(0, 1.05 * right.get_ylim()[1])  # room above the highest marker
    for axes in (left, right):
        axes.grid(alpha=0.3)
    right.legend(fontsize='small', ncols=2)
    with replaced_by(path) as temporary:
        canvas.print_png(str(temporary))
