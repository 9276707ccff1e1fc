from __future__ import annotations

import cv2
import numpy as np
import pytest

from mmseg_liteseg.inspection.windows import WHOLE, Window, describe, find_window, windows


def texture(seed, size=(120, 160), cell=3):
    coarse = np.random.default_rng(seed).integers(0, 256, (size[0] // cell, size[1] // cell)).astype(np.uint8)
    return cv2.resize(coarse, size[::-1], interpolation=cv2.INTER_CUBIC)


@pytest.mark.parametrize('ratio', [0.5, 0.75, 1.0, 1.5])
def test_windows_have_the_shape_and_lie_inside(ratio):
    found = windows(ratio)
    assert found
    for window in found:
        assert window.width / window.height == pytest.approx(ratio)
        assert window.top >= 0
        assert window.left >= 0
        assert window.top + window.height <= 1 + 1e-9
        assert window.left + window.width <= 1 + 1e-9


def test_no_window_is_that_narrow():
    assert windows(5.0) == []


def test_a_window_is_described_as_the_picture_cut_out_there():
    picture = texture(0, (320, 320), 40).astype(np.float32)
    whole = cv2.resize(picture, (32, 32), interpolation=cv2.INTER_AREA)
    part = cv2.resize(picture[80:320, 40:280], (32, 32), interpolation=cv2.INTER_AREA)
    window = Window(0.25, 0.125, 0.75, 0.75)
    assert (describe(part[None]) @ describe(whole[None], window).T).item() > 0.995
    assert (describe(part[None]) @ describe(whole[None], WHOLE).T).item() < 0.9
    np.testing.assert_allclose(describe(part[None] * 0.5 + 20), describe(part[None]), atol=1e-5)


def test_flat_pictures_are_like_nothing():
    assert np.abs(describe(np.full((1, 32, 32), 200, np.float32))).max() < 0.01


@pytest.mark.parametrize('scale', [0.8, 1.0, 1.3])
def test_a_part_is_found_at_any_size(scale):
    large = texture(0)
    small = cv2.resize(large[15:117, 8:144], None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    assert find_window(small, large, Window(0.1, 0.05, 0.88, 0.88)) > 0.85
    assert find_window(small, texture(1), Window(0.1, 0.05, 0.88, 0.88)) < 0.4


def test_pictures_of_little_detail_are_not_told():
    assert find_window(texture(0, (30, 40)), texture(0, (36, 48)), Window(0, 0, 0.9, 0.9)) == -1
