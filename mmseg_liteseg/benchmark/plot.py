"""Speed against published accuracy, as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Mapping

from mmseg_liteseg.visualization.files import replaced_by

from .published import SOURCES

_COLUMNS = 4  # of panels, at most
_MARKERS = dict(zip(SOURCES, ('o', 's', '^')))


def points(results: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Points of the picture, by title of their series: lines of the task ``labels`` with a published accuracy, batch 1.

    Returns:
        By ``runtime precision device``: dicts of label, fps, miou and source.
    """
    series: dict[str, list[dict[str, Any]]] = {}
    for line in results['lines']:
        if line['task'] != 'labels' or line['batch'] != 1 or 'ms' not in line or 'published' not in line:
            continue
        # the picture is of models, not of what runs them
        if line['stock'] or line.get('fast'):
            continue
        name = f'{line["runtime"]} {line["precision"]} {line["device"]}'
        label = f'{line["model"]} {line["input"][0]}x{line["input"][1]}'
        series.setdefault(name, []).append(dict(label=label, fps=line['images_per_second'], **line['published']))
    return series


def draw(results: Mapping[str, Any], path: Path) -> bool:
    """Writes the picture, a panel per runtime and precision on the same axes; False if there is nothing to draw."""
    series = points(results)
    if not series:
        return False
    import matplotlib

    matplotlib.use('Agg')
    from matplotlib import pyplot

    columns = min(len(series), _COLUMNS)
    rows = -(-len(series) // columns)
    size = (8, 6.5) if len(series) == 1 else (5 * columns, 3.2 * rows + 1)
    figure, grid = pyplot.subplots(rows, columns, figsize=size, squeeze=False, sharex=True, sharey=True)
    panels = list(grid.flat)
    for panel, (name, entries) in zip(panels, series.items()):
        _draw_panel(panel, name, entries)
    _set_limits(panels[0], [entry for entries in series.values() for entry in entries])
    for panel in panels[len(series) :]:
        panel.axis('off')
    for panel in panels[max(len(series) - columns, 0) : len(series)]:  # the last one of each column
        panel.set_xlabel('images/s, tensor to label map, batch 1')
        panel.tick_params(axis='x', labelbottom=True)
    for row in grid:
        row[0].set_ylabel('published mIoU,\nCityscapes val (%)')
    _add_legend(figure, series)
    gpu = results['machine'].get('gpu')
    figure.suptitle(f'{gpu["name"] if gpu else results["machine"]["cpu"]}, {results["date"]}', fontsize=10)
    figure.tight_layout(rect=(0, 0.25 / size[1] * (1 + len(_sources(series))), 1, 1))
    with replaced_by(path) as temporary:
        figure.savefig(temporary, dpi=110, format=path.suffix[1:])
    pyplot.close(figure)
    return True


def _sources(series: Mapping[str, list[dict[str, Any]]]) -> list[str]:
    used = {entry['source'] for entries in series.values() for entry in entries}
    return [source for source in _MARKERS if source in used]


def _add_legend(figure: Any, series: Mapping[str, list[dict[str, Any]]]) -> None:
    from matplotlib.lines import Line2D

    entries = [
        Line2D([], [], linestyle='', marker=_MARKERS[source], color='grey', label=SOURCES[source].split(' (')[0])
        for source in _sources(series)
    ]
    figure.legend(handles=entries, fontsize=7, title='accuracy from', title_fontsize=7, loc='lower left')


def _set_limits(panel: Any, entries: list[dict[str, Any]]) -> None:
    """With room for the names of the points."""
    speeds, accuracies = ([entry[key] for entry in entries] for key in ('fps', 'miou'))
    margin = max(0.15 * (max(accuracies) - min(accuracies)), 0.1)
    panel.set_xlim(0.5 * min(speeds), 1.3 * max(speeds))
    panel.set_ylim(min(accuracies) - margin, max(accuracies) + margin)


def _draw_panel(panel: Any, name: str, entries: list[dict[str, Any]]) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    for entry in entries:
        colour = 'tab:red' if _is_ours(entry) else 'tab:blue'
        panel.scatter(entry['fps'], entry['miou'], marker=_MARKERS[entry['source']], color=colour, zorder=2)
    fastest = max(entry['fps'] for entry in entries)
    for entry in entries:  # ours above their points, others below; the fastest to the left, where there is room
        above, left = _is_ours(entry), 2 * entry['fps'] > fastest
        panel.annotate(
            entry['label'], (entry['fps'], entry['miou']), (-4 if left else 4, 4 if above else -9),
            textcoords='offset points', fontsize=7, ha='right' if left else 'left',
        )  # fmt: skip
    panel.set_title(name, fontsize=10)
    panel.set_xscale('log')
    panel.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    panel.xaxis.set_major_formatter(FuncFormatter(lambda speed, _: f'{speed:g}'))
    panel.xaxis.set_minor_formatter(NullFormatter())
    panel.grid(alpha=0.3, which='both')


def _is_ours(entry: Mapping[str, Any]) -> bool:
    return entry['label'].startswith('PP-LiteSeg')
