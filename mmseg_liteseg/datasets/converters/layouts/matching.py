"""Compares the names of images and masks, strictly first, then less so."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from pathlib import Path
from typing import Callable

from .words import Reading

# How two names are compared, the strictest way first.
_KEYS: tuple[Callable[[Reading], tuple], ...] = (
    lambda reading: (reading.split, reading.folder, reading.core),
    lambda reading: (reading.folder, reading.core),
    lambda reading: (reading.split, reading.core),
    lambda reading: (reading.core,),
    lambda reading: (reading.core.lower(),),
)


def match_names(readings: dict[Path, Reading], images: list[Path], masks: list[Path]) -> dict[Path, list[Path]]:
    """Image -> masks of one family, by the strictest comparison of names that leaves least unpaired."""
    best: dict[Path, list[Path]] = {}
    for key in _KEYS:
        trial = _pair_by(images, masks, lambda path, key=key: key(readings[path]))
        # strictly more: of equal ones the stricter comparison, which came first, is kept
        if len(trial) > len(best):
            best = trial
    if not best:
        best = _pair_by_affix(images, masks)
    return best or _pair_by_folder(images, masks) or _pair_by_beginning(images, masks)


def _pair_by(images: list[Path], masks: list[Path], key: Callable[[Path], tuple]) -> dict[Path, list[Path]]:
    by_key: dict[tuple, list[Path]] = defaultdict(list)
    for path in images:
        by_key[key(path)].append(path)
    pairs: dict[Path, list[Path]] = defaultdict(list)
    for mask in masks:
        found = by_key.get(key(mask), [])
        if len(found) == 1:
            pairs[found[0]].append(mask)
        elif found:  # a_train and a_val, or a.jpg and a.png: the same name, then the folders most like the mask's
            same = [path for path in found if path.stem == mask.stem]
            pairs[min(same or found, key=lambda path: _distance(path, mask))].append(mask)
    return dict(pairs)


def _distance(one: Path, other: Path) -> tuple[int, str]:
    return len(set(one.parts[:-1]) ^ set(other.parts[:-1])), one.as_posix()


def _pair_by_affix(images: list[Path], masks: list[Path]) -> dict[Path, list[Path]]:
    """Compares names without what all images, or all masks, begin and end with: scene7.png and truth_7_final.png."""
    cut_image, cut_mask = _cutter(images), _cutter(masks)
    keys = Counter(cut_image(path.stem) for path in images)
    # two images of one name: what was cut off is what told them apart
    if max(keys.values(), default=0) > 1:
        return {}
    by_key = {cut_image(path.stem): path for path in images}
    return {by_key[cut_mask(path.stem)]: [path] for path in masks if cut_mask(path.stem) in by_key}


def _cutter(paths: list[Path]) -> Callable[[str], str]:
    stems = [path.stem for path in paths]
    head = _common_start(stems).rstrip('0123456789')
    tail = _common_start([stem[len(head) :][::-1] for stem in stems])[::-1].lstrip('0123456789')
    return lambda stem: stem[len(head) : len(stem) - len(tail)]


def _common_start(texts: list[str]) -> str:
    """What all of several texts begin with; of a single one nothing, since it would be all of it."""
    if len(texts) < 2:
        return ''
    first, last = min(texts), max(texts)
    return next((first[:i] for i, letter in enumerate(first) if last[i : i + 1] != letter), first)


def _pair_by_folder(images: list[Path], masks: list[Path]) -> dict[Path, list[Path]]:
    """A folder per image, with its masks in it or in a folder beside: ID/images/ID.png, ID/masks/*.png."""
    homes: dict[Path, list[Path]] = defaultdict(list)
    for path in images:
        homes[path.parent.parent].append(path)
    return {
        homes[home][0]: [mask for mask in masks if mask.parent.parent == home]
        for home in {mask.parent.parent for mask in masks}
        if len(homes.get(home, ())) == 1 and (home != Path() or len(masks) == 1)
    }


def _pair_by_beginning(images: list[Path], masks: list[Path]) -> dict[Path, list[Path]]:
    """Masks whose names begin with an image's, or that lie in a folder of its name: 7_car.png, 7/car.png for 7.jpg."""
    by_stem = {path.stem: path for path in images}
    if len(by_stem) < len(images):
        return {}
    pairs: dict[Path, list[Path]] = defaultdict(list)
    for mask in masks:
        ends = reversed([found.start() for found in re.finditer(r'[_\-. ]+', mask.stem)])
        names = [mask.parent.name, *(mask.stem[:end] for end in ends)]
        image = next((by_stem[name] for name in names if name in by_stem), None)
        if image is not None:
            pairs[image].append(mask)
    return dict(pairs)
