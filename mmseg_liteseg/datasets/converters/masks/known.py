"""Class lists of published data sets, for folders that follow their conventions without a list of their own."""

from __future__ import annotations

import inspect
from functools import lru_cache
from pathlib import Path
from typing import Iterable

import mmseg.datasets
import numpy as np

from ...classes import CAMVID_METAINFO, VOID
from ..camvid_labels import COLOURS
from .class_files import ClassFile, Entry
from .decode import pack, unpack
from .survey import MaskSurvey

# id -> train id, https://github.com/mcordts/cityscapesScripts (helpers/labels.py); all other ids are void.
_CITYSCAPES_IDS = (7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33)
_CITYSCAPES_LAST = 33
# Colours that must be telling before a palette is believed; share of pixels for Cityscapes' ids.
_MIN_COLOURS = 3
_MAIN_SHARE = 0.5


def known_conventions(survey: MaskSurvey, words: Iterable[str]) -> list[ClassFile]:
    """The conventions that fit what the masks hold and the words of their paths."""
    words = set(words)
    found = []
    if survey.kind == 'values':
        if 'trimaps' in words or 'trimap' in words:
            found += _trimap(survey)
        if 'labelids' in words:
            found += _cityscapes_ids(survey)
        if words & {'labeltrainids', 'trainids'}:
            found.append(_as_file('Cityscapes train ids', _entries(_metainfo('CityscapesDataset'))))
        if _is_loveda(survey, words):
            found.append(_as_file('LoveDA', (Entry('no-data', 0), *_entries(_metainfo('LoveDADataset'), first=1))))
        if any(word.startswith('voc') for word in words):
            found.append(_as_file('PASCAL VOC', _entries(_metainfo('PascalVOCDataset'))))
    if survey.kind == 'colours' or survey.palette:
        found += _by_name(survey, words) or _by_palette(survey)
    return found


def _is_loveda(survey: MaskSurvey, words: set[str]) -> bool:
    """LoveDA (https://github.com/Junjue-Wang/LoveDA): Train/Rural/masks_png, 0 no data, 1 to 7 the classes."""
    named = any('loveda' in word for word in words) or ('masks_png' in words and bool(words & {'rural', 'urban'}))
    return named and max(survey.counts) <= 7


def _by_name(survey: MaskSurvey, words: set[str]) -> list[ClassFile]:
    """ISPRS's Potsdam and Vaihingen: their colours, of 0 and 255 alone, prove nothing without the name."""
    used = survey.palette.values() if survey.kind == 'values' else survey.counts
    # black are the eroded borders of some copies
    entries = (*_entries(_metainfo('PotsdamDataset'), values=False), Entry('void', None, 0))
    named = any('potsdam' in word or 'vaihingen' in word for word in words)
    fits = set(used) <= {entry.colour for entry in entries}
    return [_as_file('ISPRS Potsdam and Vaihingen', entries)] if named and fits else []


def _trimap(survey: MaskSurvey) -> list[ClassFile]:
    """The Oxford-IIIT pets' trimaps (their README): 1 foreground, 2 background, 3 not classified."""
    if set(survey.counts) != {1, 2, 3}:
        return []
    entries = (Entry('background', 2), Entry('foreground', 1), Entry('not classified', 3))
    return [_as_file("trimaps (the Oxford pets' README)", entries)]


def _cityscapes_ids(survey: MaskSurvey) -> list[ClassFile]:
    """Cityscapes' own ids, if most pixels hold one that is evaluated: others use the names for ids of their own."""
    main = sum(count for value, count in survey.counts.items() if value in _CITYSCAPES_IDS)
    if max(survey.counts) > _CITYSCAPES_LAST or main < _MAIN_SHARE * survey.total:
        return []
    names = _metainfo('CityscapesDataset')
    entries = [Entry(entry.name, i, entry.colour) for i, entry in zip(_CITYSCAPES_IDS, _entries(names))]
    voids = [Entry('void', i) for i in range(_CITYSCAPES_LAST + 1) if i not in _CITYSCAPES_IDS]
    return [_as_file('Cityscapes ids', (*entries, *voids))]


def _by_palette(survey: MaskSurvey) -> list[ClassFile]:
    """Published palettes that hold every colour of the masks, save black, white and VOC's border.

    Colours of 0, 128 and 255 alone prove nothing: everybody takes them, and labelme VOC's.
    """
    used = survey.palette.values() if survey.kind == 'values' else survey.counts
    colours = {code for code in used if code not in (0, 0xFFFFFF, 0xE0E0C0)}
    telling = [code for code in colours if set(unpack(code).tolist()) - {0, 128, 255}]
    if len(telling) < _MIN_COLOURS:
        return []
    fitting = [file for file in _published() if colours <= {entry.colour for entry in file.entries}]
    fitting.sort(key=lambda file: (len(file.entries), 'Cityscapes' not in file.path.name))  # others share its colours
    # names are a guess, so those of classes that do not occur are left out
    return [
        ClassFile(file.path, tuple(entry for entry in file.entries if entry.colour in (*colours, 0)))
        for file in fitting[:1]
    ]


@lru_cache(maxsize=1)
def _published() -> tuple[ClassFile, ...]:
    camvid = {name: pack(np.array(colour)).item() for name, (colour, label) in COLOURS.items() if label != VOID}
    files = [
        _as_file('CamVid, 11 classes', _entries(CAMVID_METAINFO)),
        _as_file('CamVid, 32 classes', (*(Entry(n, None, c) for n, c in camvid.items()), Entry('Void', None, 0))),
    ]
    for name, kind in inspect.getmembers(mmseg.datasets, inspect.isclass):
        meta = getattr(kind, 'METAINFO', None) or {}
        if len(meta.get('palette') or ()) == len(meta.get('classes') or ()) > 0:
            files.append(_as_file(f'{name} of mmseg', _entries(meta, values=False)))
    return tuple(files)


def _metainfo(name: str) -> dict:
    return getattr(mmseg.datasets, name).METAINFO


def _entries(meta: dict, values: bool = True, first: int = 0) -> tuple[Entry, ...]:
    return tuple(
        Entry(name, first + i if values else None, pack(np.array(colour)).item())
        for i, (name, colour) in enumerate(zip(meta['classes'], meta['palette']))
    )


def _as_file(title: str, entries: Iterable[Entry]) -> ClassFile:
    return ClassFile(Path(title), tuple(entries))
