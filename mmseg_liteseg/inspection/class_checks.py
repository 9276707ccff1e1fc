"""The config against itself: numbers and names of classes, palette, class weights, ignored label, logits."""

from __future__ import annotations

import os
from typing import Iterator, Sequence

import numpy as np
from mmseg.models.losses.utils import get_class_weight

from mmseg_liteseg.datasets.class_weights import is_formula

from .finding import Finding
from .setup import Head, Part, Setup, bare

_SOFTMAX_SAMPLER = 'OHEMPixelSampler'


def check_classes(setup: Setup) -> list[Finding]:
    """What the config's own words about classes contradict each other in."""
    findings = []
    for part in setup.parts:
        findings += _check_names(part)
        findings += _check_palette(part)
        findings += _check_count(part, setup)
    findings += _check_splits(setup)
    for head in setup.heads:
        findings += _check_weights(head)
        findings += _check_logits(head)
    return findings + list(_check_ignored(setup))


def _check_names(part: Part) -> Iterator[Finding]:
    """metainfo.classes: there, a list, names that the data set knows."""
    where = (f'{part.where}.metainfo.classes',)
    classes, known = part.metainfo.get('classes'), (getattr(part.kind, 'METAINFO', None) or {}).get('classes')
    if classes is None:
        cure = "add metainfo=dict(classes=('background', 'object'), palette=[[0, 0, 0], [255, 0, 0]])"
        if {'CLASSES', 'class', 'class_names', 'names'} & set(part.metainfo):
            cure = f'metainfo holds {", ".join(part.metainfo)}: the key is classes'
        yield Finding(
            'error',
            'no-classes',
            f'{part.split}: the data set has no names of classes',
            (part.where,),
            'the first validation would fail on them',
            cure,
            split=part.split,
        )
    elif isinstance(classes, str) and part.classes is None:
        yield Finding(
            'error',
            'classes-not-a-list',
            f'{part.split}: classes is the string {classes!r}, which counts as {len(classes)} names of one letter',
            where,
            cure=f'write classes=({classes!r},) with a comma, or a list',
            split=part.split,
        )
    elif known is not None and not set(part.classes or ()) <= set(known):
        unknown = [name for name in part.classes or () if name not in known]
        yield Finding(
            'error',
            'unknown-classes',
            f'{part.split}: {bare(part.cfg.get("type"))} has no class {", ".join(map(repr, unknown[:3]))}',
            where,
            'it has names of its own, and a config may choose among them only',
            "set type='BaseSegDataset' for classes of your own",
            split=part.split,
        )
    if part.classes and len(set(part.classes)) < len(part.classes):
        twice = sorted({name for name in part.classes if part.classes.count(name) > 1})
        yield Finding(
            'error' if known is not None else 'warning',
            'double-class',
            f'{part.split}: classes holds {", ".join(map(repr, twice[:3]))} more than once',
            where,
            'results of the two cannot be told apart',
            'give each class a name of its own',
            split=part.split,
        )


def _check_palette(part: Part) -> Iterator[Finding]:
    classes, palette = part.classes, part.metainfo.get('palette')
    if not palette or classes is None:
        return
    where = (f'{part.where}.metainfo.palette',)
    chosen = part.cfg.get('metainfo') or {}
    shortened = 'palette' not in chosen and len(palette) >= len(classes)  # mmseg takes the chosen classes' colours
    if len(palette) != len(classes) and not shortened:
        yield Finding(
            'error',
            'palette-length',
            f'{part.split}: palette has {len(palette)} colours for {len(classes)} classes',
            where,
            cure='give one [r, g, b] per class, in their order, or leave palette out',
            split=part.split,
        )
    elif not all(_is_colour(colour) for colour in palette):
        bad = next(colour for colour in palette if not _is_colour(colour))
        yield Finding(
            'error',
            'palette-colour',
            f'{part.split}: palette holds {bad!r}',
            where,
            cure='expected three whole numbers from 0 to 255: [r, g, b]',
            split=part.split,
        )
    elif len({tuple(colour) for colour in palette}) < len(palette):
        yield Finding(
            'warning',
            'palette-double',
            f'{part.split}: two classes have one colour',
            where,
            'pictures will not tell them apart',
            'choose another colour for one of them',
            split=part.split,
        )


def _is_colour(colour: object) -> bool:
    if not isinstance(colour, (list, tuple, np.ndarray)) or len(colour) != 3:
        return False
    return all(isinstance(value, (int, np.integer)) and 0 <= value <= 255 for value in colour)


def _check_count(part: Part, setup: Setup) -> Iterator[Finding]:
    """num_classes of each head against the names."""
    if not part.classes:
        return
    for head in setup.heads:
        if head.num_classes is not None and head.num_classes != len(part.classes):
            names = ', '.join(part.classes[:4]) + (', ...' if len(part.classes) > 4 else '')
            yield Finding(
                'error',
                'num-classes',
                f'{head.where}.num_classes is {head.num_classes}, but the {part.split} data has {len(part.classes)} '
                f'classes: {names}',
                (part.where,),
                cure=_count_cure(head, part, setup),
                split=part.split,
            )


def _count_cure(head: Head, part: Part, setup: Setup) -> str:
    trained = {part.classes for part in setup.of('train')}
    if part.split == 'test' and part.classes not in trained and any(len(c or ()) == head.num_classes for c in trained):
        return 'the test data is not of the trained classes; test_dataloader = val_dataloader tests on the val data'
    return f'set num_classes={len(part.classes or ())} in {head.where}, or name the classes that it is meant for'


def _check_splits(setup: Setup) -> Iterator[Finding]:
    """Names and order of the classes in all splits."""
    parts = [part for part in setup.parts if part.classes]
    for part in parts[1:]:
        first = parts[0]
        if part.classes != first.classes and len(part.classes or ()) == len(first.classes or ()):
            yield Finding(
                'error',
                'other-classes',
                f'{part.split}: classes differ in names or order from those of {first.where}',
                (f'{part.where}.metainfo.classes',),
                'results would be given to the wrong names',
                'use one metainfo for all data sets',
                split=part.split,
            )


def _check_weights(head: Head) -> Iterator[Finding]:
    """class_weight: one number for each class."""
    for loss in head.losses:
        weights, where = loss.get('class_weight'), (f'{head.where}.loss_decode.class_weight',)
        if is_formula(weights):
            continue
        if isinstance(weights, str):
            if not os.path.isfile(weights):
                yield Finding('error', 'no-class-weight', f'class_weight names {weights}: no such file', where)
                continue
            weights = get_class_weight(weights)
        if weights is None or head.num_classes is None or loss.get('use_sigmoid'):  # there the host has other uses
            continue
        weights = np.asarray(weights)
        if weights.shape != (head.num_classes,):
            yield Finding(
                'error',
                'class-weight',
                f'class_weight holds {weights.size} numbers for num_classes={head.num_classes}',
                where,
                cure='give one weight per class, in the order of the classes',
            )
        elif weights.dtype.kind not in 'iuf' or not np.isfinite(weights).all() or (weights < 0).any():
            yield Finding('error', 'class-weight', f'class_weight holds {weights.tolist()}', where, cure='give numbers')
        elif not weights.any():
            yield Finding(
                'error', 'class-weight', 'class_weight is 0 for all classes', where, cure='nothing is learned'
            )


def _check_logits(head: Head) -> Iterator[Finding]:
    """One logit or independent ones, against the sampler and the losses."""
    outputs = head.cfg.get('out_channels') or head.num_classes
    sampler = head.cfg.get('sampler') or {}
    sigmoid = [loss for loss in head.losses if loss.get('use_sigmoid')]
    if bare(sampler.get('type')) == _SOFTMAX_SAMPLER and str(sampler.get('type')).startswith('mmseg_liteseg.'):
        if outputs == 1 or sigmoid:
            found = 'out_channels=1' if outputs == 1 else 'use_sigmoid=True'
            yield Finding(
                'error',
                'sampler-logits',
                f'{head.where}.sampler is {_SOFTMAX_SAMPLER}, which needs a softmax over the classes, but {found}',
                (f'{head.where}.sampler',),
                cure=f'set sampler=None in {head.where}',
            )
    elif outputs == 1 and all(bare(loss.get('type')) == 'CrossEntropyLoss' for loss in head.losses) and not sigmoid:
        yield Finding(
            'error',
            'one-logit',
            f'{head.where} has one logit, but none of its losses is made for that',
            (f'{head.where}.loss_decode',),
            'a softmax over one number is always 1',
            "set loss_decode=dict(type='CrossEntropyLoss', use_sigmoid=True), or leave out_channels out for two logits",
        )


def _check_ignored(setup: Setup) -> Iterator[Finding]:
    """ignore_index of heads, metric and padding."""
    if not setup.heads:
        return
    head = setup.heads[0]
    ignored, allowed = setup.ignore_index, range(setup.num_classes or 0)
    where = (f'{head.where}.ignore_index',)
    for other in setup.heads[1:]:
        if other.cfg.get('ignore_index', 255) != ignored:
            what = f'{other.where} ignores {other.cfg.get("ignore_index", 255)}, {head.where} ignores {ignored}'
            yield Finding('error', 'ignore-index', what, where, cure='give all heads the same ignore_index')
    for name, value in _paddings(setup):
        if value != ignored and value not in allowed:
            yield Finding(
                'error',
                'ignore-index',
                f'{head.where}.ignore_index is {ignored}, but {name} pads labels with {value}',
                where,
                'padding would be neither a class nor ignored',
                f'set {name.rsplit(".", 1)[-1]}={ignored} there, or leave ignore_index at 255 and write 255 into masks',
            )
    for split in ('val', 'test'):
        for metric in _metrics(setup, split):
            counted = metric.get('ignore_index', 255)
            if bare(metric.get('type')) == 'IoUMetric' and counted != ignored:
                yield Finding(
                    'warning',
                    'ignore-index',
                    f'{head.where} ignores label {ignored}, but {split}_evaluator ignores {counted}',
                    (f'{split}_evaluator.ignore_index',),
                    'what was not trained counts as wrong, or the other way round',
                    f'set ignore_index={ignored} in {split}_evaluator as well',
                    split=split,
                )


def _paddings(setup: Setup) -> Iterator[tuple[str, int]]:
    """Where label maps are padded in training, and with what."""
    pre = setup.preprocessor
    if pre.get('size') or pre.get('size_divisor'):
        yield 'model.data_preprocessor.seg_pad_val', pre.get('seg_pad_val', 255)
    for part in setup.of('train'):
        for step in part.steps('RandomScaleCrop', 'RandomPaddingCrop'):
            yield f'{part.where}.pipeline.{bare(step["type"])}.seg_pad_value', step.get('seg_pad_value', 255)


def _metrics(setup: Setup, split: str) -> Sequence[dict]:
    evaluator = setup.cfg.get(f'{split}_evaluator') or []
    return [evaluator] if isinstance(evaluator, dict) else list(evaluator)
