"""Which images belong together: frames of a film, tiles of a picture, slices of a patient."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from pathlib import PurePosixPath
from typing import Mapping, Sequence

import numpy as np

_FILM_WORDS = re.compile(r'(?:^|[^a-z])(seq|sequence|video|vid|clip|frame|scene|drive|cam|take|film|shot)', re.I)
_PADDED = 3
"""Numbers written with this many digits at least, all the same, count frames."""
_ALIKE = 0.5
"""Neighbours that differ by less than this share of what any two images differ by are frames of a film."""


def group_names(names: Sequence[str]) -> dict[str, str]:
    """Name -> group: folder and what stands before the last number that counts within a group.

    Example:
        >>> group_names(['a/f_01', 'a/f_02', 'b/f_01', 'b/f_02'])
        {'a/f_01': 'a/f_', 'a/f_02': 'a/f_', 'b/f_01': 'b/f_', 'b/f_02': 'b/f_'}
        >>> group_names(['3f2a', 'c01d'])  # no sequence
        {'3f2a': '3f2a', 'c01d': 'c01d'}
    """
    patterns = {re.sub(r'\d+', '#', name) for name in names}
    if len(patterns) > len(names) / 2:  # hashes and the like: digits that count nothing
        return {name: name for name in names}
    groups = {name: _before_number(name) for name in names}
    for _ in range(4):  # a city_drive_frame whose drives have one frame each: the city is the group
        sizes = Counter(groups.values())
        alone = [name for name in names if sizes[groups[name]] == 1]
        if len(alone) <= len(names) / 2:
            return groups
        groups = {name: _before_number(groups[name]) for name in names}
    return groups


def in_order(names: Sequence[str]) -> list[str]:
    """Names by their numbers: 2 before 10."""
    return sorted(names, key=lambda name: [int(t) if t.isdigit() else t for t in re.split(r'(\d+)', name)])


def are_films(groups: Mapping[str, str], thumbs: Mapping[str, np.ndarray]) -> bool:
    """Whether groups are sequences, so that two images of one are never independent.

    By name: padded numbers or words such as frame. By content: neighbours look alike.
    """
    names = list(groups)
    numbers = [re.findall(r'\d+', PurePosixPath(name).name) for name in names]
    last = [found[-1] for found in numbers if found]
    padded = len(last) == len(names) and len({len(n) for n in last}) == 1 and len(last[0]) >= _PADDED
    if padded or all(_FILM_WORDS.search(name) for name in names):
        return True
    return _neighbours_alike(groups, thumbs)


def _before_number(name: str) -> str:
    match = re.match(r'(.*?)\d+[^\d/]*$', name)
    if not match:
        return name if '/' not in name else name.rsplit('/', 1)[0]
    return match.group(1)


def _neighbours_alike(groups: Mapping[str, str], thumbs: Mapping[str, np.ndarray]) -> bool:
    members = defaultdict(list)
    for name in in_order(list(groups)):
        if name in thumbs:
            members[groups[name]].append(thumbs[name])
    near = [_distance(a, b) for group in members.values() for a, b in zip(group, group[1:])]
    everything = [thumb for group in members.values() for thumb in group]
    # half a list apart: any two, without drawing
    far = [_distance(a, b) for a, b in zip(everything, everything[len(everything) // 2 :])]
    # medians: a cut within a film, or two films of one street, decide nothing
    return bool(near and far) and float(np.median(near)) < _ALIKE * float(np.median(far))


def _distance(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one.astype(float) - other).mean())
