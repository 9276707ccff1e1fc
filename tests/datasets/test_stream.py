from __future__ import annotations

import random
from itertools import islice

import numpy as np
import pytest
from torch.utils.data import DataLoader

from mmseg_liteseg.datasets import SeededDataset, StreamSampler


def take(count, **kwargs):
    return list(islice(StreamSampler(range(5), **kwargs), count))


@pytest.mark.parametrize('start', [0, 1, 5, 7, 13])
def test_starts_anywhere(start):
    assert take(20, seed=3)[start:] == take(20 - start, seed=3, start=start)


def test_every_pass_holds_every_sample_in_an_order_and_with_seeds_of_its_own():
    drawn = take(15, seed=3)
    passes = [drawn[i : i + 5] for i in (0, 5, 10)]
    assert [sorted(index for index, _ in one) for one in passes] == [list(range(5))] * 3
    assert len({tuple(index for index, _ in one) for one in passes}) > 1
    assert len({seed for _, seed in drawn}) == 15


def test_seeds_differ():
    assert take(10, seed=0) != take(10, seed=1)


class Draws:
    """Returns what a transform would draw."""

    metainfo = dict(classes=('a',))

    def __len__(self):
        return 5

    def __getitem__(self, index):
        return index, random.random(), float(np.random.rand())


def seeded():
    dataset = SeededDataset.__new__(SeededDataset)
    dataset.dataset, dataset.metainfo = Draws(), Draws.metainfo
    return dataset


@pytest.mark.parametrize('workers', [0, 2])
def test_draws_depend_on_the_position_alone(workers):
    dataset = seeded()
    np.random.seed(0)
    expected = [dataset[drawn] for drawn in take(12, seed=7)]
    loader = DataLoader(
        dataset, 2, sampler=StreamSampler(dataset, seed=7, start=4), num_workers=workers, collate_fn=list
    )
    batches = list(islice(loader, 4))
    assert [sample for batch in batches for sample in batch] == expected[4:]
