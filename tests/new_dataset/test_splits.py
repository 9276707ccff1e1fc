"""Who goes into val: groups of names, unbroken runs, and random draws only where nothing says otherwise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mmseg_liteseg.inspection import ImageFacts
from mmseg_liteseg.new_dataset.grouping import group_names, in_order
from mmseg_liteseg.new_dataset.samples import Sample
from mmseg_liteseg.new_dataset.splits import divide


def make(names, splits=(), classes=None, thumbs=None):
    samples = []
    for i, name in enumerate(names):
        counts = np.zeros(256, np.int64)
        counts[list((classes or {}).get(name, (0, 1)))] = 50
        rng = np.random.default_rng(i)
        thumb = (thumbs or {}).get(name, rng.integers(0, 256, (32, 32)).astype(np.uint8))
        facts = ImageFacts(8, 8, 3, 8, 'RGB', 'PNG', thumbnail=thumb)
        split = splits[i] if splits else ''
        samples.append(Sample(Path(f'{name}.png'), name, split, (8, 8), counts, None, facts))
    return samples


def val(samples):
    return {sample.name for sample in samples if sample.split == 'val'}


FILMS = [f'seq{s}_{i:06d}' for s in 'abcde' for i in range(10)]


def test_whole_films():
    samples = make(FILMS)
    note = divide(samples, 0.2, 3)[-1]
    chosen = {name[:5] for name in val(samples)}
    assert chosen.isdisjoint(sample.name[:5] for sample in samples if sample.split == 'train')
    assert len(val(samples)) == 10
    assert 'whole groups' in note


def test_folders_are_films():
    samples = make([f'{d}/{i:04d}' for d in ('north', 'south', 'east', 'west') for i in range(5)])
    divide(samples, 0.25, 0)
    assert len({name.split('/')[0] for name in val(samples)}) == 1
    assert len(val(samples)) == 5


def test_two_long_films_give_their_ends():
    samples = make([f'{f}_{i:05d}' for f in 'ab' for i in range(20)])
    divide(samples, 0.2, 0)
    assert val(samples) == {f'{f}_{i:05d}' for f in 'ab' for i in range(16, 20)}


def test_one_sequence_gives_an_unbroken_run():
    samples = make([str(i) for i in range(30)])
    divide(samples, 0.2, 0)
    numbers = sorted(int(name) for name in val(samples))
    assert numbers == list(range(numbers[0], numbers[0] + 6))


def test_the_run_holds_the_classes():
    """Names sorted by what they show: the end alone would leave a class out of val."""
    names = [f'{i:03d}' for i in range(20)]
    samples = make(names, classes={name: (0, 1) if i < 14 else (0, 2) for i, name in enumerate(names)})
    divide(samples, 0.2, 0)
    for split in ('train', 'val'):
        counts = sum(sample.counts for sample in samples if sample.split == split)
        assert np.flatnonzero(counts).tolist() == [0, 1, 2]


def test_breeds_are_no_films():
    """Pets named by breed: every breed is in train and in val."""
    samples = make([f'{breed}_{i}' for breed in ('Abyssinian', 'beagle', 'pug') for i in range(1, 21)])
    divide(samples, 0.2, 0)
    assert {name.split('_')[0] for name in val(samples)} == {'Abyssinian', 'beagle', 'pug'}
    assert len(val(samples)) == 12


def test_films_are_known_by_their_pictures():
    """Unpadded numbers, but neighbours look alike."""
    rng = np.random.default_rng(0)
    places = {place: rng.integers(0, 256, (32, 32)) for place in 'klmn'}
    names = [f'{place}_{i}' for place in places for i in range(8)]
    thumbs = {name: np.clip(places[name[0]] + rng.integers(0, 9, (32, 32)), 0, 255).astype(np.uint8) for name in names}
    samples = make(names, thumbs=thumbs)
    divide(samples, 0.25, 0)
    assert len({name[0] for name in val(samples)}) == 1


def test_draws_are_seeded_and_hold_rare_classes():
    names = [f'{np.random.default_rng(i).integers(1 << 60):x}g' for i in range(40)]
    classes = {name: (0, 1, 2) if i % 10 == 0 else (0, 1) for i, name in enumerate(names)}
    draws = []
    for seed in (0, 0, 1):
        samples = make(names, classes=classes)
        divide(samples, 0.2, seed)
        draws.append(val(samples))
        assert any(2 in np.flatnonzero(sample.counts) for sample in samples if sample.split == 'val')
    assert draws[0] == draws[1] != draws[2]
    assert len(draws[0]) == 8


@pytest.mark.parametrize(
    ('given', 'expected'),
    [
        (['train'] * 8 + ['val'] * 2, ['train'] * 8 + ['val'] * 2),
        (['train'] * 7 + ['val'] * 2 + [''], ['train'] * 7 + ['val'] * 2 + ['train']),
        (['train'] * 8 + ['test'] * 2, ['train'] * 6 + ['val'] * 2 + ['test'] * 2),
        ([''] * 8 + ['val'] * 2, ['train'] * 8 + ['val'] * 2),
        (['val'] * 10, ['train'] * 8 + ['val'] * 2),
    ],
)
def test_given_splits_are_kept(given, expected):
    samples = make([f'f_{i:04d}' for i in range(10)], given)
    divide(samples, 0.2, 0)
    assert [sample.split for sample in samples] == expected


def test_tiny_sets():
    for count, expected in ((1, 0), (2, 1), (3, 1), (4, 1)):
        samples = make([f'{i}' for i in range(count)])
        divide(samples, 0.2, 0)
        assert len(val(samples)) == expected
        assert count - len(val(samples)) >= 1


def test_groups_of_cities_whose_drives_have_one_frame():
    names = [f'{city}_{drive:06d}_000019' for city in ('aachen', 'bonn') for drive in range(5)]
    assert set(group_names(names).values()) == {'aachen_', 'bonn_'}


def test_order_by_number():
    assert in_order(['a10', 'a2', 'a1']) == ['a1', 'a2', 'a10']
