import numpy as np
import pytest
import torch
import torch.nn.functional as F

from mmseg_liteseg.runtime.label_map import TILE, label_map
from tests.helpers import assert_argmax


def resized(logits, sizes, align_corners):
    for size in sizes:
        logits = F.interpolate(logits, size, mode='bilinear', align_corners=align_corners)
    return logits


def smooth_logits(classes, size, seed=0):
    """Regions of several cells, some classes winning nowhere."""
    coarse = torch.randn(1, classes, 5, 7, generator=torch.Generator().manual_seed(seed)) * 4
    coarse[:, ::3] -= 6
    return F.interpolate(coarse, size, mode='bicubic')


@pytest.mark.parametrize('align_corners', [False, True])
@pytest.mark.parametrize(
    ('size', 'sizes'),
    [
        ((32, 40), [(256, 320)]),
        ((32, 40), [(256, 320), (512, 500)]),
        ((33, 47), [(257, 373), (190, 131)]),  # enlarged, then reduced
        ((150, 260), [(150, 260), (301, 129)]),
        ((1, 1), [(3, 5), (140, 1)]),
        ((64, 9), [(8, 5)]),
    ],
)
def test_argmax_of_torchs_resizes(size, sizes, align_corners):
    logits = smooth_logits(9, size)
    found = label_map(logits[0].numpy(), sizes, align_corners, np.uint8)
    full = resized(logits.double(), sizes, align_corners)[0]
    assert found.dtype == np.uint8
    assert found.shape == sizes[-1]
    assert_argmax(torch.from_numpy(found)[None], full[None])


def test_random_logits_keep_all_classes():
    logits = torch.randn(1, 19, 20, 24, generator=torch.Generator().manual_seed(1))
    found = label_map(logits[0].numpy(), [(160, 192)], False, np.uint8)
    assert_argmax(torch.from_numpy(found)[None], resized(logits, [(160, 192)], False))
    assert len(np.unique(found)) == 19


def test_more_classes_than_a_byte_counts():
    logits = torch.randn(1, 300, 6, 7, generator=torch.Generator().manual_seed(2))
    found = label_map(logits[0].numpy(), [(24, 28)], False, np.int32)
    assert found.max() > 255
    assert_argmax(torch.from_numpy(found)[None], resized(logits, [(24, 28)], False))


def test_first_of_equals_wins():
    logits = np.zeros((5, 4, 4), np.float32)
    logits[[0, 4]] = -1
    assert (label_map(logits, [(2 * TILE, 40)], False, np.uint8) == 1).all()


def test_not_a_number_is_no_error():
    logits = np.zeros((3, 4, 4), np.float32)
    logits[1, 0, 0] = np.nan
    assert label_map(logits, [(16, 16)], False, np.uint8).shape == (16, 16)


@pytest.mark.parametrize('dtype', [np.float16, np.float64])
def test_types_of_logits(dtype):
    logits = smooth_logits(4, (8, 8))[0].numpy()
    expected = label_map(logits.astype(dtype).astype(np.float32), [(64, 64)], False, np.int64)
    assert np.array_equal(label_map(logits.astype(dtype), [(64, 64)], False, np.int64), expected)


@pytest.mark.parametrize('sizes', [[], [(8, 8), (9, 9), (16, 16)]])
def test_other_numbers_of_resizes(sizes):
    with pytest.raises(ValueError, match='sizes: expected one or two'):
        label_map(np.zeros((2, 4, 4), np.float32), sizes, False, np.uint8)
