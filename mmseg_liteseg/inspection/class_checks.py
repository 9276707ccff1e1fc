"""The config against itself: names, colours and number of the classes in all splits."""

from __future__ import annotations

from typing import Iterator

import numpy as np

from mmseg_liteseg.wording import count

from .finding import Finding
from .setup import Head, Part, Setup, bare

# Its files hold the names.
_NAMED_BY_FILES = 'DSDLSegDataset'


def check_classes(setup: Setup) -> list[Finding]:
    """What the config's own words about classes contradict each other in."""
    findings = []
    for part in setup.parts:
        findings += _check_names(part)
        findings += _check_doubles(part)
        findings += _check_palette(part)
        findings += _check_count(part, setup)
    findings += _check_splits(setup)
    return findings


def _check_names(part: Part) -> Iterator[Finding]:
    """metainfo.classes: there, a list, names that the data set knows."""
    where = (f'{part.where}.metainfo.classes',)
    classes, known = part.metainfo.get('classes'), (getattr(part.kind, 'METAINFO', None) or {}).get('classes')
    if classes is None and bare(part.cfg.get('type')) != _NAMED_BY_FILES:
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


def _check_doubles(part: Part) -> Iterator[Finding]:
    known = (getattr(part.kind, 'METAINFO', None) or {}).get('classes')
    if part.classes and len(set(part.classes)) < len(part.classes):
        twice = sorted({name for name in part.classes if part.classes.count(name) > 1})
        yield Finding(
            # mmseg maps a data set's own labels by name: the second of a name would never be met
            'error' if known is not None else 'warning',
            'double-class',
            f'{part.split}: classes holds {", ".join(map(repr, twice[:3]))} more than once',
            (f'{part.where}.metainfo.classes',),
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
            f'{part.split}: palette has {count(len(palette), "colour")} for {count(len(classes), "class")}',
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
        if head.num_classes not in (None, len(part.classes)) and not head.has_own_classes:
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
    # a config that inherits often sets train and val anew and forgets test
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
