"""Divides samples into train and val where the folder does not: by groups, never at random within a sequence."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from typing import Callable, Sequence

import numpy as np

from mmseg_liteseg.wording import count

from .grouping import are_films, group_names, in_order
from .samples import Sample

_TRIALS = 200
_TOLERANCE = (0.5, 1.75)
"""Whole groups may make up this much of the wanted share."""


def divide(samples: Sequence[Sample], share: float, seed: int) -> list[str]:
    """Fills in ``sample.split`` where it is missing.

    Args:
        samples: All samples; some may know their split.
        share: Of the images, for val.
        seed: Of what is drawn.

    Returns:
        Remarks for the user.
    """
    given = Counter(sample.split for sample in samples)
    if not given['train'] and given['']:
        free = [sample for sample in samples if not sample.split]
    elif not given['train']:  # only val, or only test: no split to train with
        free = list(samples)
        given.clear()
    else:
        free = [sample for sample in samples if sample.split in ('train', '')]
    notes = []
    if given['train'] and given['']:
        notes.append(f'{count(given[""], "image")} of no split: taken for train')
    for sample in free:
        sample.split = 'train'
    if given['val']:
        return notes
    return [*notes, _choose_val(free, share, seed)]


def _choose_val(samples: list[Sample], share: float, seed: int) -> str:
    if len(samples) == 1:
        return 'a single image: it is validated on too, so results say nothing about new images'
    wanted = min(max(round(share * len(samples)), 1), len(samples) - 1)
    by_name = {sample.name: sample for sample in samples}
    groups = group_names(list(by_name))
    thumbs = {name: s.facts.thumbnail for name, s in by_name.items() if s.facts is not None}
    members = defaultdict(list)
    for name in in_order(list(groups)):
        members[groups[name]].append(name)
    numbered = len(members) < len(samples)
    if len(members) > 1 and numbered and are_films(groups, thumbs):
        chosen = _whole_groups(members, by_name, wanted, seed)
        if chosen:
            shown = ', '.join(sorted({groups[name] for name in chosen})[:5])
            return _mark(by_name, chosen, f'whole groups of names, which look like sequences ({shown})')
    if numbered:
        chosen = _blocks(members, by_name, wanted)
        return _mark(by_name, chosen, f'unbroken runs of names, out of {count(len(members), "group")}')
    chosen = _best(by_name, lambda rng: rng.sample(sorted(by_name), wanted), seed)
    return _mark(by_name, chosen, f'drawn with seed {seed}, as names show no sequence')


def _mark(by_name: dict[str, Sample], chosen: Sequence[str], how: str) -> str:
    for name in chosen:
        by_name[name].split = 'val'
    return f'{len(chosen)} of {count(len(by_name), "image")} for val: {how}'


def _whole_groups(members: dict[str, list[str]], by_name: dict[str, Sample], wanted: int, seed: int) -> list[str]:
    """Groups that together make up about the wanted number; none if that cannot be."""

    def draw(rng: random.Random) -> list[str]:
        chosen: list[str] = []
        order = sorted(members)
        rng.shuffle(order)
        for group in order:
            if len(chosen) + len(members[group]) <= _TOLERANCE[1] * wanted:
                chosen += members[group]
            if len(chosen) >= wanted:
                break
        return chosen

    chosen = _best(by_name, draw, seed, wanted)
    fits = _TOLERANCE[0] * wanted <= len(chosen) < len(by_name)
    return chosen if fits else []


def _blocks(members: dict[str, list[str]], by_name: dict[str, Sample], wanted: int) -> list[str]:
    """The end of each group; of a single one the run that shares most classes with the rest."""
    share = wanted / len(by_name)
    if len(members) > 1:
        chosen = [name for group in members.values() for name in group[len(group) - int(share * len(group) + 0.5) :]]
        if 0 < len(chosen) < len(by_name):
            return chosen
    everything = [name for group in members.values() for name in group]
    last = len(everything) - wanted
    # the end first, which max keeps where runs are as good
    starts = dict.fromkeys([last, 0, *range(0, last, max(wanted // 2, 1))])
    runs = [everything[start : start + wanted] for start in starts]
    return max(runs, key=lambda run: _score(by_name, run, wanted)[:1])


def _best(by_name: dict[str, Sample], draw: Callable, seed: int, wanted: int | None = None) -> list[str]:
    """Of some draws the one with most classes on both sides, then with shares most like the rest's."""
    rng = random.Random(seed)
    # fewer of many samples, where chance evens out by itself
    draws = [draw(rng) for _ in range(_TRIALS if len(by_name) < 5000 else 20)]
    return max(draws, key=lambda chosen: _score(by_name, chosen, wanted or len(chosen)))


def _score(by_name: dict[str, Sample], chosen: Sequence[str], wanted: int) -> tuple[float, float]:
    total = sum(sample.counts[:255] for sample in by_name.values())
    inside = sum((by_name[name].counts[:255] for name in chosen), np.zeros(255, np.int64))
    outside = total - inside
    # first of all: a class that val lacks is not measured, one that train lacks is not learnt
    both = ((inside > 0) & (outside > 0)).sum()
    unlike = np.abs(inside / max(inside.sum(), 1) - outside / max(outside.sum(), 1)).sum()
    return float(both), -float(unlike) - abs(len(chosen) - wanted) / max(wanted, 1)
