import numpy as np
import pytest
import torch
import torch.nn.functional as F

from mmseg_liteseg.ops import label_map, upsample_argmax
from mmseg_liteseg.ops.bilinear import Axis
from tests.helpers import assert_argmax


def stock_logits(logits, rows, columns):
    """As mmseg's decode head and segmentor do it."""
    x = F.interpolate(logits, (rows.mid_size, columns.mid_size), mode='bilinear', align_corners=rows.align_corners)
    x = x[:, :, rows.start : rows.stop, columns.start : columns.stop]
    x = x.flip(2) if rows.flip else x
    x = x.flip(3) if columns.flip else x
    return F.interpolate(x, (rows.out_size, columns.out_size), mode='bilinear', align_corners=rows.align_corners)


def assert_same_labels(labels, logits, rows, columns):
    expected = stock_logits(logits, rows, columns)
    assert labels.dtype == torch.int64
    assert labels.shape == (len(logits), rows.out_size, columns.out_size)
    assert_argmax(labels, expected)


def make_logits(shape, smooth, seed=0):
    """Noise, every cell a boundary, or smooth areas."""
    rng = torch.Generator().manual_seed(seed)
    noise = torch.randn(shape, generator=rng)
    if not smooth:
        return noise
    coarse = torch.randn((*shape[:2], -(-shape[2] // 4), -(-shape[3] // 4)), generator=rng)
    return F.interpolate(coarse, shape[2:], mode='bicubic') + 0.1 * noise


def plain(in_size, mid_size, out_size, align_corners=False):
    return Axis(in_size, mid_size, 0, mid_size, False, out_size, align_corners)


@pytest.mark.parametrize('smooth', [False, True])
@pytest.mark.parametrize('align_corners', [False, True])
@pytest.mark.parametrize(
    ('rows', 'columns'),
    [
        ((16, 128, 256), (32, 256, 512)),  # the benchmark's ratios
        ((16, 128, 128), (32, 256, 256)),  # one resize
        ((12, 96, 171), (17, 129, 130)),  # odd ratios
        ((24, 24, 96), (24, 48, 48)),
        ((1, 1, 1), (1, 8, 33)),
        ((1, 33, 65), (2, 2, 1)),
        ((40, 80, 13), (40, 20, 90)),  # downwards
    ],
)
def test_parity(rows, columns, align_corners, smooth):
    rows, columns = plain(*rows, align_corners), plain(*columns, align_corners)
    logits = make_logits((2, 7, rows.in_size, columns.in_size), smooth)
    assert_same_labels(upsample_argmax(logits, rows, columns), logits, rows, columns)


def test_parity_at_random_sizes(monkeypatch):
    rng = np.random.default_rng(1)

    def axis(align_corners):
        in_size, mid_size, out_size = (int(n) for n in rng.integers(1, (30, 120, 150)))
        start = int(rng.integers(0, mid_size))
        stop = int(rng.integers(start, mid_size)) + 1
        return Axis(in_size, mid_size, start, stop, bool(rng.integers(2)), out_size, align_corners)

    for seed in range(80):
        monkeypatch.setattr(label_map, 'CHUNK', int(rng.choice([1 << 8, 1 << 12, 1 << 20])))
        align_corners = bool(rng.integers(2))
        rows, columns = axis(align_corners), axis(align_corners)
        classes = int(rng.choice([2, 3, 19]))
        logits = make_logits((1, classes, rows.in_size, columns.in_size), bool(rng.integers(2)), seed)
        assert_same_labels(upsample_argmax(logits, rows, columns), logits, rows, columns)


def test_a_third_class_between_two_others():
    # from class 0 at the top to class 1 at the bottom, class 2 above both around the middle
    logits = torch.tensor([[1.0, -1.0], [-1.0, 1.0], [0.5, 0.5]]).reshape(1, 3, 2, 1)
    rows, columns = plain(2, 2, 32), plain(1, 1, 1)
    labels = upsample_argmax(logits, rows, columns)
    assert labels.unique_consecutive().tolist() == [0, 2, 1]
    assert_same_labels(labels, logits, rows, columns)


def test_more_classes_than_a_byte_holds():
    rows, columns = plain(5, 40, 80), plain(6, 48, 48)
    logits = make_logits((1, 300, 5, 6), smooth=False)
    labels = upsample_argmax(logits, rows, columns)
    assert labels.max() > 255
    assert_same_labels(labels, logits, rows, columns)


def test_first_of_equal_classes():
    axis = plain(3, 24, 48)
    assert upsample_argmax(torch.zeros(1, 4, 3, 3), axis, axis).eq(0).all()


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16, torch.float64])
def test_types(dtype):
    rows, columns = plain(8, 64, 64), plain(9, 72, 100)
    logits = make_logits((1, 5, 8, 9), smooth=True).to(dtype)
    assert_same_labels(upsample_argmax(logits, rows, columns), logits.double(), rows, columns)


def test_autocast_does_not_reach_inside():
    rows, columns = plain(8, 64, 64), plain(9, 72, 100)
    logits = make_logits((1, 5, 8, 9), smooth=True)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        labels = upsample_argmax(logits, rows, columns)
    assert torch.equal(labels, upsample_argmax(logits, rows, columns))


def test_inputs_need_not_be_contiguous():
    rows, columns = plain(8, 64, 64), plain(9, 72, 100)
    logits = make_logits((2, 5, 8, 9), smooth=True)
    strided = logits.to(memory_format=torch.channels_last)
    assert torch.equal(upsample_argmax(strided, rows, columns), upsample_argmax(logits, rows, columns))


def test_memory_is_bounded(monkeypatch):
    largest = 0
    multiply = label_map._resize_columns

    def record(*args):
        nonlocal largest
        knots = multiply(*args)
        largest = max(largest, knots.numel())
        return knots

    monkeypatch.setattr(label_map, '_resize_columns', record)
    monkeypatch.setattr(label_map, 'CHUNK', 1 << 14)
    rows, columns = plain(8, 64, 128), plain(16, 128, 2048)
    upsample_argmax(make_logits((1, 19, 8, 16), smooth=True), rows, columns)
    assert largest <= 1 << 14


def test_exception_names_the_shape():
    axis = plain(4, 8, 8)
    with pytest.raises(ValueError, match=r'\(N, C, 4, 4\), got \(1, 3, 4, 5\)'):
        upsample_argmax(torch.zeros(1, 3, 4, 5), axis, axis)
