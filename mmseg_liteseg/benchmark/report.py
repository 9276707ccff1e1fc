"""The results as Markdown."""

from __future__ import annotations

from typing import Any, Mapping

from .published import SOURCES

_HEAD = '| model | input | task | runtime | precision | batch | ms [quartiles] | images/s | peak MiB | mIoU |'
_RULE = '|-|-|-|-|-|-|-|-|-|-|'


def to_markdown(results: Mapping[str, Any]) -> str:
    """A run as a section: machine, table, comparisons, how it was measured."""
    parts = [*_machine(results), '', *_table(results)]
    if results['ratios']:
        parts += ['', *_ratios(results)]
    failures = [line for line in results['lines'] if 'failure' in line]
    if failures:
        reasons = dict.fromkeys(line['failure'] for line in failures)
        parts += ['', 'Not measured:', '']
        for reason in reasons:
            keys = [line['key'] for line in failures if line['failure'] == reason]
            parts.append(f'- {reason}: {"; ".join(keys)}')
    parts += ['', 'What is timed:', '', *(f'- `{task}`: {text}' for task, text in results['tasks'].items())]
    parts += ['', 'How:', '', *(f'- {text}' for text in results['method'])]
    return '\n'.join(parts) + '\n'


def _machine(results: Mapping[str, Any]) -> list[str]:
    machine = results['machine']
    gpu = machine.get('gpu')
    device = (
        f'{gpu["name"]} ({", ".join(f"{key} {value}" for key, value in gpu.items() if key != "name")}); ' if gpu else ''
    )
    load = machine.get('load_averages') or [machine['load_average']]
    return [
        f'Measured {results["date"]} with `{results["command"]}`.',
        '',
        f'{device}{machine["cpu"]}, {machine["cores"]} cores, {machine["threads"]} threads, {machine["platform"]}, '
        f'Python {machine["python"]}; {", ".join(f"{name} {text}" for name, text in machine["versions"].items())}. '
        f'Load average at start, middle and end: {", ".join(str(value) for value in load)}.',
    ]


def _table(results: Mapping[str, Any]) -> list[str]:
    lines = [line for line in results['lines'] if 'ms' in line]
    sources = {line['published']['source'] for line in lines if 'published' in line}
    notes = [f'mIoU {_MARKS[source]}: {SOURCES[source]}' for source in SOURCES if source in sources]
    rows = [_HEAD, _RULE, *map(_row, lines)]
    return [*rows, '', '; '.join(notes) + '.'] if notes else rows


_MARKS = dict(zip(SOURCES, ('(a)', '(b)', '(c)')))


def _row(line: Mapping[str, Any]) -> str:
    height, width = line['input']
    accuracy, peak = line.get('published'), line.get('peak_bytes')
    cells = [
        line['model'] + ', stock' * line['stock'] + ', fast' * line.get('fast', False),
        f'{height}x{width}',
        line['task'],
        line['runtime'],
        line['precision'],
        line['batch'],
        _spread(line['ms']),
        _number(line['images_per_second']),
        f'{peak / 2**20:.1f}' if peak else '',
        f'{accuracy["miou"]:.2f} {_MARKS[accuracy["source"]]}' if accuracy else '',
    ]
    return '| ' + ' | '.join(str(cell) for cell in cells) + ' |'


def _ratios(results: Mapping[str, Any]) -> list[str]:
    rows = ['| comparison | ratio [quartiles] | wanted |', '|-|-|-|']
    for entry in results['ratios']:
        value = entry['value']
        text = _spread(value) if 'low' in value else _number(value['median'])
        rows.append(f'| {entry["title"]} | {text} | {entry["wanted"]} |')
    return rows


def _spread(value: Mapping[str, float]) -> str:
    return f'{_number(value["median"])} [{_number(value["low"])}, {_number(value["high"])}]'


def _number(value: float) -> str:
    """Three to four digits that count."""
    return f'{value:.0f}' if abs(value) >= 1000 else f'{value:.1f}' if abs(value) >= 100 else f'{value:.3g}'
