import warnings

import cv2
import numpy as np
import pytest
import torch
import torch.nn.functional as F

from mmseg_liteseg.deploy.metadata import Interface
from mmseg_liteseg.runtime.sizing import network_size, prepare_picture, resize_bilinear, resize_labels, to_mask
from tests.helpers import assert_argmax
from tests.runtime.conftest import INTERFACE, draw

# from, to; one axis up and the other down, exact halves, single pixels
SIZES = (((9, 12), (72, 96)), ((13, 17), (50, 67)), ((20, 30), (10, 15)), ((20, 7), (15, 40)), ((1, 5), (7, 1)))


def interface(**changes):
    return Interface(**{**INTERFACE, **changes})


def test_the_models_own_size_decides():
    half = [dict(type='Resize', scale_factor=0.5)]
    assert network_size((45, 61), interface(size=(32, 64)), half) == (32, 64)
    assert network_size((45, 61), interface(), half) == (23, 31)
    assert network_size((45, 61), interface(), ()) == (45, 61)
    assert network_size((1, 3), interface(), [dict(type='Resize', scale_factor=0.1)]) == (1, 1)


def test_steps_are_taken_where_they_end_at_the_models_size():
    image, nearest = draw(40, 60), [dict(type='Resize', scale=[30, 20], interpolation='nearest')]
    for size in ((20, 30), (16, 24)):
        found = prepare_picture(image, size, interface(size=size), nearest)
        method = cv2.INTER_NEAREST if size == (20, 30) else cv2.INTER_LINEAR
        assert np.array_equal(found, cv2.resize(image, size[::-1], interpolation=method))


def test_grey_keeps_its_channel():
    grey = interface(color='gray', mean=(0.0,), std=(1.0,))
    assert prepare_picture(draw(8, 8), (4, 4), grey, ()).shape == (4, 4, 1)
    weighted = [dict(type='RGB2Gray', out_channels=1, weights=[0.0, 1.0, 0.0])]
    assert np.array_equal(prepare_picture(draw(8, 8), (8, 8), grey, weighted), draw(8, 8)[..., 1:2])


def test_logits_of_a_sure_model_are_no_overflow():
    """The exponential of 100 is infinite in float32, and numpy would warn of it on every picture."""
    one = interface(output='logits', threshold=0.5)
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        mask = to_mask(np.float32([[[-100, 100]]]), one, [(1, 2)], np.uint8)
    assert mask.tolist() == [[0, 1]]


@pytest.mark.parametrize('align_corners', [False, True])
@pytest.mark.parametrize(('before', 'after'), SIZES)
def test_logits_are_resized_as_torch_does(before, after, align_corners):
    logits = np.random.default_rng(0).standard_normal(before, dtype=np.float32)
    expected = F.interpolate(torch.from_numpy(logits)[None, None], after, mode='bilinear', align_corners=align_corners)
    found = resize_bilinear(logits, after, align_corners)
    np.testing.assert_allclose(found, expected[0, 0].numpy(), atol=2e-5)


def test_labels_take_the_nearest_centre():
    labels = np.array([[0, 1], [2, 3]], np.int64)
    assert resize_labels(labels, (3, 4)).tolist() == [[0, 0, 1, 1], [2, 2, 3, 3], [2, 2, 3, 3]]
    assert resize_labels(np.arange(9).reshape(1, 9), (1, 3)).tolist() == [[1, 4, 7]]
    expected = F.interpolate(torch.arange(35.0).view(1, 1, 5, 7), (13, 3), mode='nearest-exact')[0, 0].numpy()
    assert np.array_equal(resize_labels(np.arange(35).reshape(5, 7), (13, 3)), expected)


@pytest.mark.parametrize('align_corners', [False, True])
@pytest.mark.parametrize('output', ['scores', 'logits'])
def test_argmax_comes_after_both_resizes(output, align_corners):
    scores = torch.randn(1, 5, 4, 6, generator=torch.Generator().manual_seed(0)) * 3
    sizes = ((30, 45), (41, 50))
    resize = lambda x, size: F.interpolate(x, size, mode='bilinear', align_corners=align_corners)  # noqa: E731
    middle = resize(scores, sizes[0])
    given = scores if output == 'scores' else middle
    found = to_mask(given[0].numpy(), interface(output=output, align_corners=align_corners), sizes, np.uint8)
    assert found.dtype == np.uint8
    assert_argmax(torch.from_numpy(found)[None], resize(middle, sizes[1]))


def test_first_of_equals_wins():
    assert not to_mask(np.zeros((3, 2, 2), np.float32), interface(output='logits'), [(2, 2)] * 2, np.uint8).any()


def test_one_logit_for_two_classes():
    logits = np.linspace(-3, 3, 12, dtype=np.float32).reshape(1, 3, 4)
    found = to_mask(logits, interface(output='logits', threshold=0.3), [(3, 4)] * 2, np.uint8)
    assert np.array_equal(found, (torch.from_numpy(logits[0]).sigmoid() > 0.3).numpy())
    assert 0 < found.sum() < 12


def test_masks_of_several_classes():
    """Each class by its own threshold, as one logit would be."""
    logits = np.random.default_rng(0).normal(size=(3, 3, 4)).astype(np.float32)
    options = dict(threshold=0.3, output='scores')
    found = to_mask(logits, interface(multi_label=True, **options), [(9, 10), (6, 5)], np.uint8)
    assert found.shape == (3, 6, 5)
    for band, channel in zip(found, logits):
        assert (band == to_mask(channel[None], interface(**options), [(9, 10), (6, 5)], np.uint8)).all()
    masks = (logits > 0).astype(np.uint8)
    found = to_mask(masks, interface(multi_label=True, threshold=0.3, output='labels'), [(3, 4), (6, 8)], np.uint8)
    assert (found == masks.repeat(2, 1).repeat(2, 2)).all()
