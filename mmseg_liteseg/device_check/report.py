"""What was found, as JSON and as a page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Sequence

from mmseg_liteseg.benchmark.results import write_text

from .outcome import Outcome


def save(out: Path, facts: dict[str, Any], outcomes: Sequence[Outcome], command: str, date: str) -> list[Path]:
    """Writes check.json and check.md into a folder; returns them.

    Args:
        out: The folder, made if missing.
        facts: Of the machine, as `benchmark.machine.describe` gives them.
        outcomes: Of all checks.
        command: That was run.
        date: When.
    """
    results = dict(format=1, date=date, command=command, machine=facts, checks=[one.to_json() for one in outcomes])
    written = [out / 'check.json', out / 'check.md']
    write_text(written[0], json.dumps(results, indent=1, allow_nan=False) + '\n')
    write_text(written[1], to_markdown(facts, outcomes, command, date))
    return written


def to_markdown(facts: dict[str, Any], outcomes: Sequence[Outcome], command: str, date: str) -> str:
    """The page: the machine, a line for each check, and what the numbers mean."""
    gpu = facts.get('gpu')
    title = f'{gpu["name"]}' if gpu else f'{facts["cpu"]} (no GPU)'
    versions = ', '.join(f'{name} {version}' for name, version in facts['versions'].items())
    lines = [f'# Checked on {title}', '', f'{date}, `{command}`', '', f'- {summary(outcomes)}']
    if gpu:
        lines.append('- GPU: ' + ', '.join(f'{key} {value}' for key, value in gpu.items()))
    lines += [f'- CPU: {facts["cpu"]}, {facts["cores"]} cores, {facts["threads"]} threads', f'- {versions}', '']
    lines += ['| check | result | difference | bound | seconds | |', '|-|-|-|-|-|-|']
    for one in outcomes:
        found, bound = (_number(value) for value in (one.found, one.bound))
        lines.append(f'| {one.name} | {one.status} | {found} | {bound} | {one.seconds:.1f} | {_cell(one.note)} |')
    lines += [
        '',
        'Differences are shares of the largest value of what is compared. Operators are compared with float64 on the '
        "CPU, predictions and training steps with mmseg's own path on the same device.",
    ]
    return '\n'.join(lines) + '\n'


def summary(outcomes: Sequence[Outcome]) -> str:
    """Numbers of checks that passed, failed and were skipped."""
    counts = [(sum(one.status == status for one in outcomes), status) for status in ('passed', 'failed', 'skipped')]
    return ', '.join(f'{count} {status}' for count, status in counts)


def _number(value: float | None) -> str:
    return '-' if value is None else f'{value:.1e}'


def _cell(text: str) -> str:
    return text.replace('|', '/')
