"""Labels among what formats and resizing put between them."""

from __future__ import annotations

from collections import Counter

import pytest

from mmseg_liteseg.datasets.converters.masks.peaks import find_peaks
from mmseg_liteseg.datasets.converters.masks.survey import MaskSurvey


def peaks(counts, flat, kind='values', lossy=False):
    return find_peaks(MaskSurvey(kind, Counter(counts), Counter(flat), lossy=lossy))


def test_clean_masks_keep_every_value():
    assert peaks({0: 900, 1: 80, 2: 1}, {0: 800, 1: 20}).codes == [0, 1, 2]  # 2 is thin, and real


def test_thin_classes_beside_an_ignored_border():
    assert peaks({0: 900, 1: 5, 2: 5, 255: 90}, {0: 800, 255: 40}).codes == [0, 1, 2, 255]


def test_values_between_are_rounded():
    found = peaks({0: 900, 64: 10, 128: 10, 191: 10, 255: 900}, {0: 800, 255: 800})
    assert (found.codes, found.rounded) == ([0, 255], True)
    assert found.share == pytest.approx(30 / 1830)


def test_one_value_between_is_a_class():
    assert peaks({0: 900, 128: 30, 255: 900}, {0: 800, 255: 800}).codes == [0, 128, 255]


def test_noise_of_a_jpeg_saved_as_png():
    noise = dict.fromkeys((*range(1, 7), *range(249, 255)), 3)
    assert peaks({0: 900, 255: 900, **noise}, {0: 800, 255: 800}).codes == [0, 255]


def test_colours_between():
    red, blue, mixed = 0xFF0000, 0x0000FF, {0x80007F: 5, 0x4000BF: 5, 0xBF0040: 5}
    assert peaks({red: 900, blue: 900, **mixed}, {red: 800, blue: 800}, 'colours').codes == [blue, red]


def test_jpeg_takes_what_fills_areas():
    counts = {0: 900, 1: 50, 2: 20, 120: 7, 250: 30, 253: 60, 255: 800}
    assert peaks(counts, {0: 900, 1: 40, 253: 50, 255: 700}, lossy=True).codes == [0, 255]
