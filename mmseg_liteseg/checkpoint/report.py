"""The report of a conversion as a table."""

from __future__ import annotations

import math
import re

from .convert import Conversion


def format_report(conversion: Conversion, verbose: bool = False) -> str:
    """Text that says what became of every tensor.

    Args:
        conversion: The conversion.
        verbose: Lists every tensor; otherwise those with the same fate are put together.
    """
    report = conversion.report
    lines = [*map(str, conversion.parts), '']
    parts: dict[str, list[int]] = {}
    for key in report.used:
        counts = parts.setdefault(key.split('.')[0], [0, 0])
        counts[0] += 1
        counts[1] += math.prod(report.shapes[key])
    lines += [f'{"used":<24}{"tensors":>10}{"numbers":>14}']
    lines += [f'  {part:<22}{tensors:>10,}{numbers:>14,}' for part, (tensors, numbers) in parts.items()]
    if verbose:
        lines += [f'    {key} {report.shapes[key]} -> {other}' for key, other in report.used.items()]
    lines += _list('dropped', _dropped(conversion, verbose))
    lines += _list('added', report.added if verbose else _group(report.added))
    lines += _list('missing', [f'{part}: not in the file, keeps its initial values' for part in report.absent])
    return '\n'.join(lines)


def _list(title: str, items: list[str]) -> list[str]:
    return [title, *(f'  {item}' for item in items)] if items else [f'{title:<8}none']


def _dropped(conversion: Conversion, verbose: bool) -> list[str]:
    report = conversion.report
    if verbose:
        return [f'{key} {report.shapes[key]}: {reason}' for key, reason in report.dropped.items()]
    groups: dict[tuple[str, str], list[str]] = {}
    for key, reason in report.dropped.items():
        reason = re.sub(r'^copy of .*', 'a copy of backbone.features', reason)
        name = '*.' + key.rsplit('.', 1)[-1] if key.endswith(('_scale', 'num_batches_tracked')) else _top(key)
        groups.setdefault((name, reason), []).append(key)
    lines = []
    for (name, reason), keys in groups.items():
        what = f'{keys[0]} {report.shapes[keys[0]]}' if len(keys) == 1 else f'{name} ({len(keys)} tensors)'
        lines.append(f'{what}: {reason}')
    return lines


def _top(key: str) -> str:
    head = '.'.join(key.split('.')[: 2 if key.startswith('backbone.') else 1])
    return f'{head}.*'


def _group(keys: list[str]) -> list[str]:
    counts: dict[str, int] = {}
    for key in keys:
        leaf = key.rsplit('.', 1)[-1]
        counts[leaf] = counts.get(leaf, 0) + 1
    values = dict(num_batches_tracked='0', _scale='1')
    return [f'*.{leaf} ({count} tensors): {values.get(leaf, "")}' for leaf, count in counts.items()]
