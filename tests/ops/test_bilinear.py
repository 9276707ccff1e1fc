import numpy as np
import pytest
import torch
import torch.nn.functional as F

from mmseg_liteseg.ops.bilinear import Axis, axis_map, resize_map


def interpolate_rows(x, size, align_corners):
    return F.interpolate(x[None, None], (size, x.shape[1]), mode='bilinear', align_corners=align_corners)[0, 0]


@pytest.mark.parametrize('align_corners', [False, True])
@pytest.mark.parametrize(
    ('in_size', 'out_size'), [(1, 1), (1, 7), (7, 1), (5, 5), (16, 128), (45, 360), (37, 101), (101, 37), (200, 201)]
)
def test_positions_are_those_of_interpolate(in_size, out_size, align_corners):
    expected = interpolate_rows(torch.eye(in_size), out_size, align_corners)
    matrix = resize_map(in_size, out_size, align_corners).dense(in_size)
    # where a processor has no fused multiply-add, torch rounds a position, of in_size at most, once more
    np.testing.assert_allclose(matrix, expected.numpy(), rtol=0, atol=(1 + in_size) * 2**-24)


def random_axes(count):
    rng = np.random.default_rng(0)
    for _ in range(count):
        in_size, mid_size, out_size = (int(n) for n in rng.integers(1, 90, 3))
        start = int(rng.integers(0, mid_size))
        stop = int(rng.integers(start, mid_size)) + 1
        yield Axis(in_size, mid_size, start, stop, bool(rng.integers(2)), out_size, bool(rng.integers(2)))


@pytest.mark.parametrize('axis', list(random_axes(40)), ids=str)
def test_two_resizes_crop_and_flip_are_one_map(axis):
    x = interpolate_rows(torch.eye(axis.in_size, dtype=torch.float64), axis.mid_size, axis.align_corners)
    x = x[axis.start : axis.stop]
    x = x.flip(0) if axis.flip else x
    expected = interpolate_rows(x, axis.out_size, axis.align_corners)
    mapped = axis_map(axis)
    np.testing.assert_allclose(mapped.dense(axis.in_size), expected.numpy(), rtol=0, atol=2e-5)  # float32 positions
    assert mapped.index.shape[1] <= 4
    assert (mapped.weight >= 0).all()
    np.testing.assert_allclose(mapped.weight.sum(1), 1, atol=1e-6)


def test_upsampling_twice_needs_three_taps_at_most():
    assert axis_map(Axis(64, 512, 0, 512, False, 1024, False)).index.shape == (1024, 3)
    assert axis_map(Axis(64, 512, 0, 512, False, 512, False)).index.shape == (512, 2)


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (dict(in_size=0), 'positive'),
        (dict(start=4, stop=4), 'start=4'),
        (dict(stop=9), 'stop=9'),
        (dict(start=-1), '-1'),
    ],
)
def test_exception(change, message):
    fields = dict(in_size=1, mid_size=8, start=0, stop=8, flip=False, out_size=8, align_corners=False, **{})
    with pytest.raises(ValueError, match=message):
        Axis(**{**fields, **change})
