"""Results as Markdown."""

from __future__ import annotations

from typing import Any, Mapping, Sequence

from .cost import Cost
from .models import ENTRIES
from .results import Row

TARGETS = {'gpu': 0.62, 'aligned': 0.66, 'enlarged': 0.66, 'pasted': 0.66, 'whole': 0.66, 'cpu': 0.50}
# of every class; above 0 for the others
CLASS_TARGETS = {'aligned': 0.20, 'enlarged': 0.20, 'pasted': 0.20, 'whole': 0.20}
Speeds = Mapping[str, Mapping[str, float]]


def table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A Markdown table, numbers to the right."""
    align = ['-', *('-:' for _ in head[1:])]
    return '\n'.join('| ' + ' | '.join(map(str, row)) + ' |' for row in (head, align, *rows))


def main_table(rows: Sequence[Row], costs: Mapping[str, Cost], speeds: Speeds) -> str:
    """One line a model: accuracy, size and, where it was measured, speed."""
    head = ['model', 'seeds', 'mIoU, best', 'mIoU, last', 'parameters, M', 'of these predict', 'GFLOP']
    head += ['ms/image'] if speeds else []
    lines = []
    for row in rows:
        cost = costs[row.name]
        line = [row.name, len(row.runs), row.best.percent(), row.last.percent(), f'{cost.params / 1e6:.2f}']
        line += [f'{cost.inference_params / 1e6:.2f}', f'{cost.flops / 1e9:.2f}']
        speed = speeds.get(row.name)
        line += [f'{speed["median"]:.2f}' if speed else '-'] if speeds else []
        lines.append(line)
    return table(head, lines)


def class_table(rows: Sequence[Row], which: str) -> str:
    """IoU per class in percent, of the best or the last checkpoints."""
    head = ['class', *(row.name for row in rows)]
    lines = [[name, *(row.of_class(name, which).percent(1) for row in rows)] for name in rows[0].classes]
    means = ['**mean**', *(getattr(row, which).percent(1) for row in rows)]
    return table(head, [*lines, means])


def ablation_table(rows: Sequence[Row]) -> str | None:
    """Each ablation beside T trained with the same seeds; None without both."""
    by_name = {row.name: row for row in rows}
    changed = [row for row in rows if ENTRIES[row.name].group in ('ablation', 'start')]
    if 'T' not in by_name or not changed:
        return None
    seeds = {run.seed: run for run in by_name['T'].runs}
    lines = [['T', '', len(seeds), by_name['T'].best.percent(), '']]
    for row in changed:
        # pairs of one seed: order and crops are the same, so less of the difference is chance
        common = [(run, seeds[run.seed]) for run in row.runs if run.seed in seeds]
        differences = [run.best['mIoU'] - own.best['mIoU'] for run, own in common]
        shown = f'{100 * sum(differences) / len(differences):+.2f}' if common else '-'
        lines.append([row.name, ENTRIES[row.name].about, len(row.runs), row.best.percent(), shown])
    return table(['model', 'what is changed', 'seeds', 'mIoU, best', 'minus T, same seeds'], lines)


def verdicts(rows: Sequence[Row], budget: str) -> list[str]:
    """Each target with what was reached."""
    by_name = {row.name: row for row in rows}
    if 'T' not in by_name:
        return []
    own = by_name['T']
    lines = []
    if budget in TARGETS:
        wanted = TARGETS[budget]
        lines.append(f'{_word(own.best.mean >= wanted)}: T at least {100 * wanted:.0f} mIoU, {own.best.percent()}')
    for name in ('T', 'T-drawn'):
        rival = name.replace('T', 'STDC1-Seg')
        if name in by_name and rival in by_name:
            ours, theirs = by_name[name].best, by_name[rival].best
            text = f'{name} above {rival}, {ours.percent()} to {theirs.percent()}'
            lines.append(f'{_word(ours.mean > theirs.mean)}: {text}')
    least = CLASS_TARGETS.get(budget, 0)
    low = [name for name in own.classes if not all((run.best['iou'][name] or 0) > least for run in own.runs)]
    text = f'every class of T above {100 * least:.0f}'
    lines.append(f'{_word(not low)}: {text}' + (f', not {", ".join(low)}' if low else ''))
    return lines


def _word(reached: bool) -> str:
    return 'reached' if reached else '**not reached**'
