"""Shapes drawn as labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mmseg_liteseg.datasets.converters.shapes import Annotation, Shape, draw


@pytest.mark.parametrize(
    ('shape', 'pixels'),
    [
        (Shape('a', 'rectangle', [(5, 7), (2, 3)]), 4 * 5),
        (Shape('a', 'polygon', [(0, 0), (9, 0), (9, 9), (0, 9)], [[(3, 3), (5, 3), (5, 5), (3, 5)]]), 100 - 9),
        (Shape('a', 'circle', [(10, 10), (10, 14)]), pytest.approx(np.pi * 16, rel=0.35)),
        (Shape('a', 'point', [(10, 10)]), pytest.approx(np.pi * 25, rel=0.35)),
        (Shape('a', 'line', [(10, 0), (10, 19)]), pytest.approx(200, rel=0.15)),
        (Shape('a', 'bitmap', [(18, -1)], bitmap=np.ones((3, 5), bool)), 2 * 2),
    ],
)
def test_kinds(shape, pixels):
    assert shape.mask((20, 20)).sum() == pixels


def test_later_shapes_cover_and_unknown_names_are_ignored():
    shapes = [Shape(name, 'rectangle', [(i, 0), (3, 0)]) for i, name in enumerate(('a', 'b', '__ignore__'))]
    assert draw(Annotation(Path('x'), None, shapes), (1, 5), {'a': 1, 'b': 2}).tolist() == [[1, 2, 255, 255, 0]]
