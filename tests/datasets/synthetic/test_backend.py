from __future__ import annotations

import pickle

import cv2
import mmcv
import numpy as np
import pytest
from mmengine import fileio

from mmseg_liteseg.datasets.synthetic import SyntheticBackend, backend, render_scene, scene_path

SIZE = (48, 64)


def path(kind='images', split='train', index=0):
    return scene_path(kind, 0, split, index, *SIZE)


def decode(content):
    return cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)


def test_reads_what_the_renderer_draws():
    image, label = render_scene(0, 'train', 3, *SIZE)
    assert np.array_equal(decode(SyntheticBackend().get(path(index=3))), image)
    assert np.array_equal(decode(SyntheticBackend().get(path('labels', index=3))), label)


def test_mmengine_finds_the_backend_by_the_prefix():
    assert fileio.exists(path())
    assert not fileio.exists('synthetic://48x64/seed0/images/winter_00000.png')
    image = mmcv.imfrombytes(fileio.get(path()), channel_order='rgb')
    assert np.array_equal(image[..., ::-1], render_scene(0, 'train', 0, *SIZE)[0])
    label = mmcv.imfrombytes(fileio.get(path('labels')), flag='unchanged', backend='pillow')
    assert np.array_equal(label, render_scene(0, 'train', 0, *SIZE)[1])


def count_renderings(monkeypatch):
    calls = []

    def render(*scene):
        calls.append(scene)
        return render_scene(*scene)

    monkeypatch.setattr(backend, 'render_scene', render)
    return calls


def test_a_scene_is_drawn_once_for_picture_and_labels(monkeypatch):
    calls = count_renderings(monkeypatch)
    source = SyntheticBackend(cache_mb=0)
    for _ in range(2):
        source.get(path())
        source.get(path('labels'))
    assert calls == [(0, 'train', 0, *SIZE)]


def test_the_cache_is_bounded_and_drops_the_oldest(monkeypatch):
    calls = count_renderings(monkeypatch)
    one = sum(len(SyntheticBackend().get(path(kind))) for kind in ('images', 'labels'))
    calls.clear()
    source = SyntheticBackend(cache_mb=2.5 * one / 2**20)
    for index in (0, 1, 0, 2, 0, 1):  # 1 is the oldest when 2 comes
        source.get(path(index=index))
        assert source._used <= source.cache_bytes
        assert source._used == sum(len(file) for files in source._cache.values() for file in files)
    assert [call[2] for call in calls] == [0, 1, 2, 1]


@pytest.mark.parametrize(
    'wrong',
    [
        'synthetic://48x64/seed0/images/spring_00000.png',
        'synthetic://48/seed0/images/train_00000.png',
        'synthetic://48x64/seed0/masks/train_00000.png',
        'synthetic://48x64/seed0/images/train_00000.jpg',
        'synthetic://48x64/seed-1/images/train_00000.png',
    ],
)
def test_exception_unknown_path(wrong):
    with pytest.raises(FileNotFoundError, match='expected synthetic://HEIGHTxWIDTH'):
        fileio.get(wrong)


def test_exception_arguments():
    with pytest.raises(ValueError, match='cache_mb'):
        SyntheticBackend(cache_mb=-1)
    with pytest.raises(NotImplementedError, match='not text'):
        SyntheticBackend().get_text(path())


def test_pickles_for_spawned_workers():
    source = pickle.loads(pickle.dumps(SyntheticBackend()))
    assert np.array_equal(decode(source.get(path())), render_scene(0, 'train', 0, *SIZE)[0])
