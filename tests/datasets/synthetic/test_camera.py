from __future__ import annotations

import numpy as np
import pytest

from mmseg_liteseg.datasets.synthetic.camera import Camera

CAMERA = Camera(height=144, width=192, focal=200.0, horizon=60.0, centre=90.0, eye=1.6, bend=0.002)


def test_points_on_the_horizon_line_and_the_axis():
    far = CAMERA._replace(bend=0).project(0.0, 0.0, 1e6)
    assert far.tolist() == [90, 60]
    at_eye_level = CAMERA.project(np.zeros(3), 1.6, np.array([2.0, 10.0, 50.0]))
    assert at_eye_level[:, 1].tolist() == [60, 60, 60]


def test_size_falls_with_depth():
    near, far = (np.ptp(CAMERA.project(0.0, np.array([0.0, 2.0]), z)[:, 1]) for z in (5.0, 10.0))
    assert (near, far) == (80, 40)
    assert CAMERA.scale(5.0) == 40


def test_ground_is_the_inverse_of_project():
    top, z, x = CAMERA.ground()
    assert top == 61
    assert x.shape == (144 - 61, 192)
    for row, col in ((70, 3), (100, 90), (143, 191)):
        depth = z[row - top, 0]
        u, v = CAMERA.project(x[row - top, col], 0.0, depth)
        assert abs(u - col) <= 1
        assert abs(v - row) <= 1


def test_enlarged_view_is_the_same_view():
    point = (1.3, 0.4, 7.0)
    small, large = CAMERA.project(*point), CAMERA.enlarge(4).project(*point)
    assert large == pytest.approx(4 * small, abs=4)
    assert CAMERA.enlarge(4)[:2] == (576, 768)
