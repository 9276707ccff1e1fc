"""Puts numbers where a config asks for class weights by formula, before the runner is built."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Iterator

import numpy as np
from mmengine.config import Config
from mmengine.registry import DefaultScope, init_default_scope

from mmseg_liteseg.datasets.class_counts import LabelCounter
from mmseg_liteseg.datasets.class_weights import ClassCounts, WeightFormula, is_formula
from mmseg_liteseg.errors import SettingError
from mmseg_liteseg.visualization.files import replaced_by

RECORD = 'class_weights.json'


def fill_class_weights(cfg: Config) -> list[str]:
    """Replaces every ``class_weight`` of ``cfg.model`` that is a formula, in place, by numbers from the train split.

    The counts and weights are kept in ``class_weights.json`` in the work folder; as long as the label files stay the
    same, a resumed training reads them there.

    Returns:
        Lines for the log; none where no formula was found.

    Raises:
        SettingError: A formula is unknown, or the config does not say how to read the labels.
        DataError: A label is neither a class nor ignore_index.
    """
    places = list(_places(cfg.get('model')))
    if not places:
        return []
    # all are parsed before any label is read: a typo ends in a second, not after the count
    formulas = {id(loss): WeightFormula.parse(loss['class_weight']) for _, loss in places}
    scope = cfg.get('default_scope', 'mmseg')
    if DefaultScope.get_current_instance() is None:
        init_default_scope(scope)
    lines, records = [], []
    known: dict[tuple[int, int], ClassCounts] = {}
    for head, loss in places:
        kind = (head['num_classes'], head.get('ignore_index', 255))
        counts = known[kind] = known.get(kind) or _counts(cfg, *kind)
        formula = formulas[id(loss)]
        # rounded as they are written to the record, so that a resumed training has the same
        weights = [float(f'{w:.6g}') for w in formula.weights(counts)]
        loss['class_weight'] = weights
        record = dict(formula=vars(formula), weights=weights)
        if record not in records:
            records.append(record)
            lines += _describe(formula, counts, weights)
    _write(cfg, counts, records)
    return lines


def _places(node: Any, head: dict | None = None) -> Iterator[tuple[dict, dict]]:
    """(head, loss) of every formula in a model."""
    if isinstance(node, dict):
        head = node if 'num_classes' in node else head
        if head is not None and node is not head and is_formula(node.get('class_weight')):
            yield head, node
        node = list(node.values())
    if isinstance(node, (list, tuple)):
        for part in node:
            yield from _places(part, head)


def _counts(cfg: Config, num_classes: int, ignore_index: int) -> ClassCounts:
    """From the work folder if it holds those of the same files, else counted."""
    if not cfg.get('train_dataloader'):
        raise SettingError('class_weight by formula needs train_dataloader.dataset in the config')
    counter = LabelCounter(cfg.train_dataloader.dataset, num_classes, ignore_index)
    key = counter.fingerprint()
    kept = _read(Path(cfg.work_dir) / RECORD)
    if kept.get('key') != key:
        counts = counter.count()
        kept = dict(key=key, **{name: values.tolist() for name, values in vars(counts).items()})
        _save(Path(cfg.work_dir) / RECORD, kept)
    return ClassCounts(*(np.array(kept[name]) for name in ('pixels', 'where_present', 'images')))


def _read(path: Path) -> dict[str, Any]:
    """What is kept; nothing where there is no such file or another program wrote it."""
    try:
        kept = json.loads(path.read_text(encoding='utf-8'))
    except (OSError, ValueError):
        return {}
    return kept if isinstance(kept, dict) else {}


def _write(cfg: Config, counts: ClassCounts, records: list[dict]) -> None:
    path = Path(cfg.work_dir) / RECORD
    _save(path, dict(_read(path), shares=[round(float(s), 6) for s in counts.shares], computed=records))


def _save(path: Path, record: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with replaced_by(path) as part:
        part.write_text(json.dumps(record, indent=1) + '\n', encoding='utf-8')


def _describe(formula: WeightFormula, counts: ClassCounts, weights: list[float]) -> list[str]:
    shares = ', '.join(f'{100 * share:.2f}' for share in counts.shares)
    lines = [
        f'class_weight {formula}: shares of the training pixels in percent [{shares}], '
        f'weights [{", ".join(f"{w:.4g}" for w in weights)}] (also in {RECORD})'
    ]
    absent = [i for i, pixels in enumerate(counts.pixels) if pixels == 0]
    if absent:
        lines.append(f'class_weight: classes {absent} have no pixel in the training labels')
    return lines
