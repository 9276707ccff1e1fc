from __future__ import annotations

import os

import numpy as np
import pytest
from PIL import Image

from mmseg_liteseg.endurance.soak import SIZES, Sample, draw, growth, look, predict_many, read, small_sizes, write

pytestmark = pytest.mark.skipif(not os.path.exists('/proc/self/status'), reason='needs /proc')


def test_an_open_file_is_seen(tmp_path):
    before = look(0)
    with (tmp_path / 'a').open('w'):
        assert look(0).files == before.files + 1
    assert before.memory > 10
    assert before.threads >= 1


def test_pictures_are_of_all_sizes_and_samples_come_on_time():
    seen = []
    samples = list(predict_many(lambda picture: seen.append(picture.shape), 50, 20))
    assert [sample.count for sample in samples] == [20, 40, 50]
    assert {shape[:2] for shape in seen} == set(SIZES)


def test_no_size_comes_twice():
    seen, sizes = [], small_sizes(50)
    list(predict_many(lambda picture: seen.append(picture.shape[:2]), 50, 50, sizes))
    assert len(set(sizes)) == 50
    assert sorted(seen) == sorted(sizes)
    assert seen != sizes  # in no order of growing sides


def test_growth_is_told_from_caches_that_fill():
    flat = [Sample(i, 100.0 if i < 2 else 200.0, 9, 4) for i in range(8)]
    assert growth(flat) == dict(memory=0.0, files=0, threads=0)
    rising = [Sample(i, 100.0 + 10 * i, 9 + i, 4) for i in range(8)]
    assert growth(rising) == dict(memory=40.0, files=4, threads=0)


def test_runs_are_kept_and_drawn(tmp_path):
    samples = [Sample(i, 100.0, 9, 4) for i in range(1, 4)]
    write(tmp_path / 'soak.json', 'torch', samples)
    write(tmp_path / 'soak.json', 'training', samples)
    runs = read(tmp_path / 'soak.json')
    assert runs == dict(torch=samples, training=samples)
    draw(runs, tmp_path / 'soak.png')
    assert np.asarray(Image.open(tmp_path / 'soak.png')).std() > 1
