"""Cache of decoded images: same results, bounded, shared by forked workers."""

from __future__ import annotations

import copy
import multiprocessing
import pickle

import numpy as np
import pytest
from mmcv.transforms import BaseTransform
from PIL import Image
from torch.utils.data import DataLoader

from mmseg_liteseg.datasets.arena import Arena, pack, unpack
from mmseg_liteseg.datasets.cache import CachedLoading, narrow, widen
from mmseg_liteseg.registry import TRANSFORMS

LOAD = [dict(type='LoadImageFromFile'), dict(type='LoadAnnotations')]


class CountedLoad(BaseTransform):
    """Makes an image from the sample's number and counts how often, in all processes."""

    def __init__(self, size: int = 10) -> None:
        self.calls = multiprocessing.Value('i', 0)
        self.size = size

    def transform(self, results: dict) -> dict:
        with self.calls.get_lock():
            self.calls.value += 1
        return {**results, 'img': np.full((self.size, self.size), results['sample_idx'], np.uint8)}


@pytest.fixture
def sample(tmp_path):
    rng = np.random.default_rng(0)
    image, label = rng.integers(0, 256, (12, 16, 3), np.uint8), rng.integers(0, 11, (12, 16), np.uint8)
    Image.fromarray(image).save(tmp_path / 'a.png')
    Image.fromarray(label).save(tmp_path / 'a_label.png')
    return dict(
        img_path=str(tmp_path / 'a.png'),
        seg_map_path=str(tmp_path / 'a_label.png'),
        label_map=None,
        reduce_zero_label=False,
        seg_fields=[],
        sample_idx=0,
    )


def assert_same(a, b):
    assert a.keys() == b.keys()
    for key, value in a.items():
        if isinstance(value, np.ndarray):
            np.testing.assert_array_equal(value, b[key])
            assert value.dtype == b[key].dtype
        else:
            assert value == b[key]


@pytest.mark.parametrize('to_float32', [False, True])
def test_result_from_cache_is_what_the_transforms_give(sample, to_float32):
    loads = [dict(type='LoadImageFromFile', to_float32=to_float32), dict(type='LoadAnnotations')]
    cached = TRANSFORMS.build(dict(type='mmseg_liteseg.CachedLoading', transforms=loads))
    plain = copy.deepcopy(sample)
    for cfg in loads:
        plain = TRANSFORMS.build(cfg)(plain)
    for _ in range(3):
        assert_same(plain, cached(copy.deepcopy(sample)))
    # image and label as uint8, and little beside them
    assert 12 * 16 * 4 < cached.used_bytes < 12 * 16 * 4 + 1500


def test_changing_a_result_leaves_the_cache_alone(sample):
    cached = CachedLoading(LOAD)
    first = cached(copy.deepcopy(sample))
    wanted = first['img'].copy()
    for _ in range(2):
        result = cached(copy.deepcopy(sample))
        np.testing.assert_array_equal(result['img'], wanted)
        result['img'][:] = 0
        result['seg_fields'].append('more')
    assert cached(copy.deepcopy(sample))['seg_fields'] == ['gt_seg_map']


def test_another_input_is_another_entry(sample):
    cached = CachedLoading(LOAD)
    plain = cached(copy.deepcopy(sample))
    mapped = cached({**copy.deepcopy(sample), 'label_map': dict.fromkeys(range(11), 3)})
    assert plain['gt_seg_map'].max() == 10
    assert (mapped['gt_seg_map'] == 3).all()


def test_files_are_read_once(sample, tmp_path):
    cached = CachedLoading(LOAD)
    first = cached(copy.deepcopy(sample))
    (tmp_path / 'a.png').unlink()
    np.testing.assert_array_equal(cached(copy.deepcopy(sample))['img'], first['img'])


def test_full_cache_keeps_what_it_has_and_loads_the_rest():
    load = CountedLoad()
    cached = CachedLoading([load], max_bytes=1000)
    for _ in range(3):
        for index in range(20):
            assert (cached(dict(sample_idx=index))['img'] == index).all()
    assert cached.used_bytes <= 1000
    held = 60 - load.calls.value
    assert held > 0
    assert held % 2 == 0  # what was stored in the first round was not loaded in the two others


def test_max_bytes_0_turns_the_cache_off():
    load = CountedLoad()
    cached = CachedLoading([load], max_bytes=0)
    for _ in range(3):
        cached(dict(sample_idx=1))
    assert load.calls.value == 3
    assert cached.used_bytes == 0


class Numbers(list):
    def __init__(self, cached):
        super().__init__(range(16))
        self.cached = cached

    def __getitem__(self, index):
        return int(self.cached(dict(sample_idx=index))['img'].mean())


@pytest.mark.skipif('fork' not in multiprocessing.get_all_start_methods(), reason='needs fork')
def test_forked_workers_share_one_cache():
    load = CountedLoad()
    cached = CachedLoading([load])
    loader = DataLoader(Numbers(cached), batch_size=1, num_workers=2, multiprocessing_context='fork')
    for _ in range(3):  # not persistent: new workers in every epoch, taking turns at the samples
        assert [int(value) for value in loader] == list(range(16))
    # a store that meets another one is left out, hence not exactly 16
    assert 16 <= load.calls.value <= 24
    before = load.calls.value
    assert [Numbers(cached)[i] for i in range(16)] == list(range(16))
    assert load.calls.value - before <= 2


def test_copies_start_empty(sample):
    cached = CachedLoading(LOAD)
    cached(copy.deepcopy(sample))
    for other in (copy.deepcopy(cached), pickle.loads(pickle.dumps(cached))):
        assert other.used_bytes == 0
        np.testing.assert_array_equal(other(copy.deepcopy(sample))['img'], cached(copy.deepcopy(sample))['img'])


def test_an_image_that_is_left_out_stays_out(sample):
    cached = CachedLoading([dict(type='LoadImageFromFile', ignore_empty=True), dict(type='LoadAnnotations')])
    assert cached({**sample, 'img_path': 'nowhere.png'}) is None
    assert cached.used_bytes == 0


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        (dict(transforms=[]), 'at least one'),
        (dict(transforms=LOAD, max_bytes=-1), 'max_bytes'),
        (dict(transforms=LOAD, max_bytes=1.5), 'max_bytes'),
        (dict(transforms=[*LOAD, dict(type='RandomFlip', prob=0.5)]), 'RandomFlip is random'),
    ],
)
def test_bad_arguments(arguments, words):
    with pytest.raises(ValueError, match=words):
        CachedLoading(**arguments)


def test_store_while_another_process_stores_is_left_out():
    arena = Arena(1000)
    with arena._lock:
        assert not arena.store(1, 'a')
    assert arena.load(1) is None
    assert arena.store(1, 'a')
    assert arena.load(1) == 'a'


def test_digests_that_meet_in_the_table():
    arena = Arena(10000)
    digests = [5, 5 + (1 << 17), 5 + (2 << 17), (1 << 17) - 1, (2 << 17) - 1]
    for digest in digests:
        assert arena.store(digest, digest)
    assert [arena.load(digest) for digest in digests] == digests


def test_pack_round_trip():
    value = {'a': np.arange(6).reshape(2, 3), 'b': 'text', 'c': np.asfortranarray(np.eye(3)), 'd': np.arange(9)[::2]}
    assert_same(unpack(memoryview(b''.join(bytes(part) for part in pack(value)))), value)


def test_only_whole_numbers_are_narrowed():
    arrays = [np.array(x, np.float32) for x in ([0, 255], [0.5, 1], [256, 0], [-1, 0], [np.nan, 0])]
    kept = narrow({str(i): array for i, array in enumerate(arrays)})
    assert [value.dtype == np.uint8 for value, _ in kept.values()] == [True, False, False, False, False]
    for array, back in zip(arrays, widen(kept).values()):
        np.testing.assert_array_equal(array, back)
        assert back.dtype == np.float32
