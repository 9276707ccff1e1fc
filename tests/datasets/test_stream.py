from __future__ import annotations

import pickle
import random
from itertools import islice

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from mmseg_liteseg.datasets import SeededDataset, StreamSampler
from mmseg_liteseg.datasets.broken import BrokenSampleError
from mmseg_liteseg.datasets.stream import Place
from mmseg_liteseg.registry import DATASETS

FINITE = dict(type='DefaultSampler', shuffle=True)


def take(count, start=0, **kwargs):
    """The first places as (index, seed)."""
    sampler = StreamSampler(range(5), **kwargs)
    sampler.skip(start)
    return [(int(place), place.seed) for place in islice(sampler, count)]


@pytest.mark.parametrize('kwargs', [{}, dict(sampler=FINITE, endless=True)])
@pytest.mark.parametrize('start', [0, 1, 5, 7, 13])
def test_starts_anywhere(start, kwargs):
    assert take(20, seed=3, **kwargs)[start:] == take(20 - start, start, seed=3, **kwargs)


@pytest.mark.parametrize('kwargs', [{}, dict(sampler=FINITE, endless=True)])
def test_every_pass_holds_every_sample_in_an_order_and_with_seeds_of_its_own(kwargs):
    drawn = take(15, seed=3, **kwargs)
    passes = [drawn[i : i + 5] for i in (0, 5, 10)]
    assert [sorted(index for index, _ in one) for one in passes] == [list(range(5))] * 3
    assert len({tuple(index for index, _ in one) for one in passes}) > 1
    assert len({seed for _, seed in drawn}) == 15


def test_order_is_that_of_the_sampler_inside():
    from mmengine.dataset import InfiniteSampler

    assert [index for index, _ in take(12, seed=3)] == list(islice(InfiniteSampler(range(5), seed=3), 12))


def test_passes_of_a_finite_sampler_end_and_differ():
    sampler = StreamSampler(range(5), seed=3, sampler=FINITE)
    first, again = list(sampler), list(sampler)
    sampler.set_epoch(1)
    second = list(sampler)
    assert first == again
    assert sorted(second) == sorted(first) == list(range(5))
    assert [place.seed for place in second] != [place.seed for place in first]


def test_seeds_differ():
    assert take(10, seed=0) != take(10, seed=1)


def test_a_place_is_its_index_and_travels_to_other_processes():
    place = pickle.loads(pickle.dumps(Place(3, 7)))
    assert (place, place.seed, [0, 1, 2, 9][place]) == (3, 7, 9)


@DATASETS.register_module()
class Draws:
    """Returns what a transform would draw; some samples are broken."""

    metainfo = dict(classes=('a',))

    def __init__(self, broken=()):
        self.broken = broken

    def __len__(self):
        return 5

    def get_data_info(self, index):
        return dict(img_path=f'{index}.png', seg_map_path=f'{index}_labels.png')

    def __getitem__(self, index):
        if index in self.broken:
            raise OSError('cut\noff')
        return dict(index=index, drawn=[random.random(), float(np.random.rand()), float(torch.rand(()))])


def seeded(broken=(), **kwargs):
    return SeededDataset(dict(type='mmseg_liteseg.Draws', broken=broken), **kwargs)


@pytest.mark.parametrize('workers', [0, 2])
def test_draws_depend_on_the_place_alone(workers):
    dataset = seeded()
    expected = [dataset[place] for place in islice(StreamSampler(dataset, seed=7), 12)]
    sampler = StreamSampler(dataset, seed=7)
    sampler.skip(4)
    loader = DataLoader(dataset, 2, sampler=sampler, num_workers=workers, collate_fn=list)
    batches = list(islice(loader, 4))
    assert [sample for batch in batches for sample in batch] == expected[4:]


def test_it_is_the_data_set_it_holds():
    dataset = pickle.loads(pickle.dumps(seeded()))
    assert dataset.metainfo == Draws.metainfo
    assert len(dataset) == 5
    with pytest.raises(AttributeError):
        dataset.nothing  # noqa: B018


@pytest.mark.parametrize('workers', [0, 1])
def test_a_broken_sample_stops_with_its_files(workers):
    loader = DataLoader(seeded(broken=[2]), 1, num_workers=workers, collate_fn=list)
    with pytest.raises(BrokenSampleError) as caught:
        list(loader)
    text = str(caught.value)
    assert text.startswith('sample 2 (image 2.png, labels 2_labels.png): OSError: cut off in test_stream.py:')
    assert '\n' not in text


def test_a_broken_sample_is_skipped_and_says_so():
    dataset = seeded(broken=[2, 3], on_error='skip')
    sample = dataset[Place(2, 7)]
    assert sample['index'] == 4
    assert sample['drawn'] == seeded()[Place(4, 7)]['drawn']
    assert [line.split(':')[0] for line in sample['skipped'].splitlines()] == [
        f'sample {i} (image {i}.png, labels {i}_labels.png)' for i in (2, 3)
    ]
    assert dataset[Place(4, 7)]['skipped'] == ''


def test_nothing_but_broken_samples_ends():
    with pytest.raises(BrokenSampleError, match='not one of 5 samples can be loaded; the first: sample 1'):
        seeded(broken=range(5), on_error='skip')[1]


def test_wrong_choice_is_refused():
    with pytest.raises(ValueError, match="on_error: expected 'stop' or 'skip', got 'ignore'"):
        seeded(on_error='ignore')


def test_another_image_never_takes_the_place_in_silence(tmp_path):
    """mmengine draws another sample where a pipeline returns None."""
    from mmseg.datasets import BaseSegDataset

    class Nothing(BaseSegDataset):
        def load_data_list(self):
            return [dict(img_path='a.png'), dict(img_path='b.png')]

        def prepare_data(self, index):
            return None if index == 0 else dict(index=index)

    DATASETS.register_module(module=Nothing, force=True)
    dataset = SeededDataset(dict(type='mmseg_liteseg.Nothing', img_suffix='.png'))
    with pytest.raises(BrokenSampleError, match=r'sample 0 \(image a.png\)'):
        dataset[0]
    assert dataset[1] == dict(index=1)
