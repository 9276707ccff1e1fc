from __future__ import annotations

import numpy as np
import pytest

from mmseg_liteseg.visualization import draw_sheet, paint_label, paint_masks

PALETTE = [[200, 0, 0], [0, 100, 0]]


def test_colours_are_laid_over():
    image = np.full((2, 2, 3), 100, np.uint8)
    label = np.array([[0, 1], [255, 0]])
    painted = paint_label(image, label, PALETTE, alpha=0.5)
    assert painted.tolist() == [[[150, 50, 50], [50, 100, 50]], [[50, 50, 50], [150, 50, 50]]]
    assert np.array_equal(paint_label(image, label, PALETTE, alpha=0.0), image)


@pytest.mark.parametrize('classes', [2, 255, 256, 300])
def test_colours_do_not_depend_on_the_type_of_the_labels(classes):
    rng = np.random.default_rng(0)
    palette, image = rng.integers(0, 256, (classes, 3)).tolist(), np.zeros((16, 16, 3), np.uint8)
    label = np.arange(256, dtype=np.uint8).reshape(16, 16)
    expected = np.array([palette[i] if i < classes else (0, 0, 0) for i in range(256)]).reshape(16, 16, 3)
    for kind in (np.uint8, np.uint16, np.int64):
        assert np.array_equal(paint_label(image, label.astype(kind), palette, 1.0), expected)
    # every second column: no array that OpenCV takes as it is
    assert np.array_equal(paint_label(image[:, ::2], label[:, ::2], palette, 1.0), expected[:, ::2])
    assert not paint_label(image, np.full((16, 16), -1), palette, 1.0).any()


def test_exception_sizes_differ():
    with pytest.raises(ValueError, match=r'label: expected the size of the image, \(2, 2\), got \(2, 3\)'):
        paint_label(np.zeros((2, 2, 3), np.uint8), np.zeros((2, 3)), PALETTE)


def test_sheet_has_a_row_per_sample_in_the_right_order():
    image = np.full((20, 40, 3), 100, np.uint8)
    sample = (image, np.zeros((20, 40), int), np.ones((20, 40), int))
    sheet = draw_sheet([sample] * 3, ('a', 'b'), PALETTE, cell_width=80)
    assert sheet.shape[1] == 3 * 80 + 2 * 6
    row = sheet[26 + 6 + 20]
    assert row[40].tolist() == [100, 100, 100]
    assert row[86 + 40].tolist() == [160, 40, 40]
    assert row[172 + 40].tolist() == [40, 100, 40]
    one = draw_sheet([sample], ('a', 'b'), PALETTE, cell_width=80)
    assert sheet.shape[0] - one.shape[0] == 2 * (40 + 6)


def test_sheet_takes_pictures_of_any_size():
    sizes = ((7, 9), (300, 640))
    samples = [(np.zeros((*size, 3), np.uint8), np.zeros(size, np.uint8), np.full(size, 255)) for size in sizes]
    assert draw_sheet(samples, ('a', 'b'), PALETTE).shape[1] == 3 * 384 + 12


def test_legend_shows_every_class():
    palette = [[10 * i + 5, 250 - 10 * i, 3] for i in range(19)]
    sample = (np.zeros((8, 8, 3), np.uint8), np.zeros((8, 8), int), np.zeros((8, 8), int))
    sheet = draw_sheet([sample], [f'class number {i}' for i in range(19)], palette)
    colours = {tuple(colour) for colour in sheet.reshape(-1, 3).tolist()}
    assert all(tuple(colour) in colours for colour in palette)


def test_exception_no_samples():
    with pytest.raises(ValueError, match='samples'):
        draw_sheet([], ('a',), PALETTE)


def test_masks_that_overlap_are_mixed():
    image = np.full((1, 4, 3), 100, np.uint8)
    masks = np.array([[[0, 1, 1, 255]], [[0, 0, 1, 0]]], np.uint8)
    painted = paint_masks(image, masks, PALETTE, alpha=0.5)
    assert painted.tolist() == [[[100, 100, 100], [150, 50, 50], [100, 75, 50], [100, 100, 100]]]
