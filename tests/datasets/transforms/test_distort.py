"""RandomDistort: draws, order, channels. Exact values are in test_distort_ops and test_parity."""

from __future__ import annotations

import random
from collections import Counter

import numpy as np
import pytest

from mmseg_liteseg.datasets.transforms import RandomDistort
from tests.paddle_reference import make_image


def test_truncates_to_uint8_and_keeps_the_input():
    image = np.full((4, 5, 3), 127.5, np.float32)
    out = RandomDistort().apply(dict(img=image), [])['img']
    assert out.dtype == np.uint8
    assert (out == 127).all()
    assert (image == 127.5).all()


def test_draws():
    random.seed(0)
    np.random.seed(0)
    transform = RandomDistort(brightness_range=0.2, hue_prob=0.1)
    draws = [transform.draw({}) for _ in range(2000)]
    counts = Counter(name for draw in draws for name, _ in draw)
    assert abs(counts['brightness'] - 1000) < 80
    assert abs(counts['hue'] - 200) < 60
    assert set(counts) == {'brightness', 'contrast', 'saturation', 'hue'}
    factors = [factor for draw in draws for name, factor in draw if name == 'brightness']
    assert 0.8 <= min(factors) < 0.82
    assert 1.18 < max(factors) <= 1.2
    first = Counter(draw[0][0] for draw in draws if len(draw) == 4)
    assert len(first) == 4  # any of the four comes first


def test_order_counts():
    results = [
        RandomDistort().apply(dict(img=make_image(32, 48)), order)['img']
        for order in ([('brightness', 1.5), ('contrast', 0.5)], [('contrast', 0.5), ('brightness', 1.5)])
    ]
    assert not np.array_equal(*results)


@pytest.mark.parametrize('name', ['brightness', 'contrast', 'saturation', 'hue'])
def test_channel_order(name):
    image = make_image(32, 48)
    rgb = RandomDistort(channel_order='rgb').apply(dict(img=image), [(name, 1.4)])['img']
    bgr = RandomDistort().apply(dict(img=image[..., ::-1]), [(name, 1.4)])['img']
    assert np.array_equal(rgb, bgr[..., ::-1])
    assert not np.array_equal(rgb, image)


def test_flipped_views():
    image = make_image(32, 48).astype(np.float32)
    draw = [('saturation', 0.6), ('hue', -9.0)]
    flipped = RandomDistort().apply(dict(img=image[:, ::-1]), draw)['img']
    assert np.array_equal(flipped[:, ::-1], RandomDistort().apply(dict(img=image), draw)['img'])


@pytest.mark.parametrize(
    'kwargs', [dict(brightness_range=2), dict(hue_range=-1), dict(contrast_prob=1.1), dict(channel_order='gbr')]
)
def test_exception(kwargs):
    with pytest.raises(ValueError, match=next(iter(kwargs))):
        RandomDistort(**kwargs)


def test_exception_names_a_grey_image():
    with pytest.raises(ValueError, match=r'a\.png: .*shape .* \(4, 4\)'):
        RandomDistort().apply(dict(img=np.zeros((4, 4)), img_path='a.png'), [])
