from __future__ import annotations

import numpy as np
import pytest

from mmseg_liteseg.datasets.synthetic.canvas import LABELS, Canvas

SQUARE = np.array([(4, 4), (11, 4), (11, 11), (4, 11)], np.int32)


@pytest.fixture
def canvas():
    return Canvas(np.full((16, 16, 3), 100, np.uint8), np.zeros((16, 16), np.uint8), oversample=2)


def test_fill_paints_picture_and_labels(canvas):
    canvas.fill(SQUARE, (1, 2, 3), 'car')
    assert canvas.image[8, 8].tolist() == [1, 2, 3]
    assert (canvas.label == LABELS['car']).sum() == 64
    canvas.fill(SQUARE, None, 'tree')
    canvas.fill(SQUARE + 2, (7, 7, 7), None)
    assert canvas.label[8, 8] == LABELS['tree']
    assert canvas.image[4, 4].tolist() == [1, 2, 3]
    assert canvas.image[8, 8].tolist() == [7, 7, 7]


def test_darken_and_roughen_stay_inside(canvas):
    canvas.darken(SQUARE, 0.5)
    assert set(np.unique(canvas.image)) == {50, 100}
    assert (canvas.image[..., 0] == 50).sum() == 64
    light = Canvas(np.full((16, 16, 3), 100, np.uint8), np.zeros((16, 16), np.uint8))
    light.roughen(SQUARE, np.full((3, 3), 192, np.uint8), 1.0)
    assert light.image[8, 8].tolist() == [125, 125, 125]
    assert light.image[20, 20].tolist() == [100, 100, 100]


def test_polygons_off_the_canvas_change_nothing(canvas):
    before = canvas.image.copy()
    for shift in (-500, 500):
        canvas.darken(SQUARE + shift, 0.5)
        canvas.roughen(SQUARE + shift, np.full((3, 3), 192, np.uint8), 1.0)
    assert np.array_equal(canvas.image, before)


def test_finish_averages_the_picture_and_keeps_labels_crisp(canvas):
    canvas.fill(np.array([(0, 0), (8, 0), (8, 31), (0, 31)], np.int32), (200, 200, 200), 'road')  # 9 of 32 columns
    image, label = canvas.finish()
    assert image.shape == (16, 16, 3)
    assert label.shape == (16, 16)
    assert image[8, :6, 0].tolist() == [200, 200, 200, 200, 150, 100]
    assert set(np.unique(label)) == {LABELS['sky'], LABELS['road']}
