"""Speed against published accuracy, as a picture."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Mapping

from .published import SOURCES

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
        if line['stock']:
            continue
        name = f'{line["runtime"]} {line["precision"]} {line["device"]}'
        label = f'{line["model"]} {line["input"][0]}x{line["input"][1]}'
        series.setdefault(name, []).append(dict(label=label, fps=line['images_per_second'], **line['published']))
    return series


def draw(results: Mapping[str, Any], path: Path) -> bool:
    """Writes the picture, one panel per runtime and precision; False if there is nothing to draw."""
    series = points(results)
    if not series:
        return False
    import matplotlib

    matplotlib.use('Agg')
    from matplotlib import pyplot

    figure, panels = pyplot.subplots(1, len(series), figsize=(7.5 * len(series), 5.5), squeeze=False)
    for panel, (name, entries) in zip(panels[0], series.items()):
        _draw_panel(panel, name, entries)
    gpu = results['machine'].get('gpu')
    figure.suptitle(f'{gpu["name"] if gpu else results["machine"]["cpu"]}, {results["date"]}', fontsize=10)
    figure.tight_layout()
    temporary = path.with_name(f'.{os.getpid()}.{path.name}')
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(temporary, dpi=110, format=path.suffix[1:])
    pyplot.close(figure)
    os.replace(temporary, path)
    return True


def _draw_panel(panel: Any, name: str, entries: list[dict[str, Any]]) -> None:
    for source, marker in _MARKERS.items():
        chosen = [entry for entry in entries if entry['source'] == source]
        for ours, colour in ((True, 'tab:red'), (False, 'tab:blue')):
            some = [entry for entry in chosen if entry['label'].startswith('PP-LiteSeg') is ours]
            panel.scatter([e['fps'] for e in some], [e['miou'] for e in some], marker=marker, color=colour, zorder=2)
        if chosen:
            panel.scatter([], [], marker=marker, color='grey', label=SOURCES[source].split(' (')[0])
    fastest = max(entry['fps'] for entry in entries)
    for entry in entries:  # ours above their points, others below; the fastest to the left, where there is room
        above, left = entry['label'].startswith('PP-LiteSeg'), 2 * entry['fps'] > fastest
        panel.annotate(
            entry['label'], (entry['fps'], entry['miou']), (-4 if left else 4, 4 if above else -9),
            textcoords='offset points', fontsize=7, ha='right' if left else 'left',
        )  # fmt: skip
    panel.set(title=name, xlabel='images/s, tensor to label map, batch 1', ylabel='published mIoU, Cityscapes val (%)')
    panel.set_xscale('log')
    panel.grid(alpha=0.3, which='both')
    panel.legend(fontsize=7, title='accuracy from', title_fontsize=7, loc='upper left', bbox_to_anchor=(0, -0.12))
