"""An inspection in words: a few lines for a log, tables for a screen, JSON for programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Iterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mmseg_liteseg.visualization.files import replaced_by
from mmseg_liteseg.wording import count

from .doctor import Inspection
from .finding import SEVERITIES, Finding

_COLOURS = {'error': 'bold red', 'warning': 'bold yellow', 'note': 'bold blue'}
_SIZES = 3


def summary_lines(inspection: Inspection) -> list[str]:
    """How many images of which sizes and which classes there are, a line for each split and one for the classes."""
    lines = []
    for split in inspection.splits:
        listed = sum(len(scan.part.samples) for scan in inspection.of(split))
        read = sum(len(scan.facts) for scan in inspection.of(split))
        looked = 'all read' if read == listed else f'{read} of them read'
        lines.append(f'data: {split}: {count(listed, "image")}, {looked}; sizes {_sizes(inspection, split)}')
    classes = inspection.classes()
    if 'train' in inspection.splits and classes:
        labels = inspection.labels('train')
        shares = ', '.join(f'{name} {labels.share(index):.1%}' for index, name in enumerate(classes))
        ignored = inspection.setup.ignore_index
        lines.append(f'data: {count(len(classes), "class")} in train: {shares}; ignored {labels.share(ignored):.1%}')
    return lines


def _sizes(inspection: Inspection, split: str) -> str:
    sizes = list(inspection.sizes(split).items())
    shown = ', '.join(f'{height}x{width} ({count})' for (height, width), count in sizes[:_SIZES])
    return (shown or 'unknown') + (f' and {len(sizes) - _SIZES} more' if len(sizes) > _SIZES else '')


def print_report(inspection: Inspection, console: Console | None = None) -> None:
    """Prints splits, classes and findings as tables."""
    # in a file or a pipe rich would take 80 columns and break every line
    console = console or Console(width=None if Console().is_terminal else 120)
    if inspection.splits:
        console.print(_split_table(inspection))
    if inspection.classes():
        console.print(_class_table(inspection))
    for finding in inspection.findings:
        console.print(*_paragraph(finding), sep='\n')
    counts = {severity: sum(f.severity == severity for f in inspection.findings) for severity in SEVERITIES}
    console.print(', '.join(f'{count} {name}{"" if count == 1 else "s"}' for name, count in counts.items()))


def _split_table(inspection: Inspection) -> Table:
    table = Table('split', 'images', 'read', 'sizes (height x width)', 'ignored', title='Splits')
    for split in inspection.splits:
        scans, labels = inspection.of(split), inspection.labels(split)
        row = [split, sum(len(scan.part.samples) for scan in scans), sum(len(scan.facts) for scan in scans)]
        row += [_sizes(inspection, split), f'{labels.share(inspection.setup.ignore_index):.1%}']
        table.add_row(*map(str, row))
    return table


def _class_table(inspection: Inspection) -> Table:
    table = Table('', 'class', title='Classes: share of the pixels, number of images')
    splits = inspection.splits
    for split in splits:
        table.add_column(split, justify='right')
        table.add_column('images', justify='right')
    labels = [inspection.labels(split) for split in splits]
    for index, name in enumerate(inspection.classes()):
        cells = [cell for one in labels for cell in (f'{one.share(index):.2%}', str(one.images.get(index, 0)))]
        table.add_row(str(index), name, *cells)
    return table


def _paragraph(finding: Finding) -> Iterator[Text]:
    """What, where, why and what to do, a line each. As Text: names of files may hold rich's markup."""
    yield Text.assemble((finding.severity, _COLOURS[finding.severity]), f': {finding.what} [{finding.kind}]')
    more = finding.count - len(finding.where)
    for place in finding.where:
        yield Text(f'    at {place}')
    if finding.where and more > 0:
        yield Text(f'    and {more} more')
    if finding.why:
        yield Text(f'  why: {finding.why}')
    if finding.cure:
        yield Text(f'  cure: {finding.cure}')


def to_dict(inspection: Inspection) -> dict:
    """The inspection as plain values."""
    splits = {}
    for split in inspection.splits:
        scans, labels = inspection.of(split), inspection.labels(split)
        splits[split] = dict(
            images=sum(len(scan.part.samples) for scan in scans),
            read=sum(len(scan.facts) for scan in scans),
            sizes=[dict(height=h, width=w, images=count) for (h, w), count in inspection.sizes(split).items()],
            pixels={str(label): labels.pixels[label] for label in sorted(labels.pixels)},
            masks={str(label): labels.images[label] for label in sorted(labels.images)},
        )
    return dict(
        passed=not inspection.failed,
        classes=list(inspection.classes()),
        splits=splits,
        findings=[finding.to_dict() for finding in inspection.findings],
    )


def write_json(inspection: Inspection, path: str | Path) -> None:
    """Writes ``to_dict`` into a file, whole or not at all."""
    with replaced_by(path) as temporary:
        temporary.write_text(json.dumps(to_dict(inspection), indent=1) + '\n', encoding='utf-8')
