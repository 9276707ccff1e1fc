import numpy as np
import pytest
import torch
import torch.nn.functional as F

from mmseg_liteseg.deploy.errors import DeployError
from mmseg_liteseg.deploy.metadata import Interface
from mmseg_liteseg.runtime.confidence import labels_with_confidence, mark_unsure
from mmseg_liteseg.runtime.sizing import to_mask
from tests.runtime.conftest import INTERFACE, draw, greatest


def interface(**changes):
    return Interface(**{**INTERFACE, 'output': 'scores', **changes})


@pytest.mark.parametrize('align_corners', [False, True])
@pytest.mark.parametrize('sizes', [((30, 45), (41, 150)), ((160, 200),)])
def test_softmax_of_torchs_resizes(sizes, align_corners):
    logits = torch.randn(1, 5, 4, 6, generator=torch.Generator().manual_seed(0)) * 3
    wide = logits
    for size in sizes:
        wide = F.interpolate(wide, size, mode='bilinear', align_corners=align_corners)
    made = interface(align_corners=align_corners)
    labels, confidence = labels_with_confidence(logits[0].numpy(), made, sizes, np.uint8)
    assert np.array_equal(labels, to_mask(logits[0].numpy(), made, sizes, np.uint8))
    np.testing.assert_allclose(confidence, wide.softmax(1).amax(1)[0].numpy(), atol=2e-5)


def test_one_logit():
    logit = np.float32([[[-2, 0, 3]]])
    labels, confidence = labels_with_confidence(logit, interface(threshold=0.6), [(1, 3)], np.uint8)
    share = 1 / (1 + np.exp(-logit[0]))
    assert labels.tolist() == [[0, 0, 1]]
    np.testing.assert_allclose(confidence, np.where(labels, share, 1 - share), rtol=1e-6)


def test_from_the_segmenter(segmenter):
    image = draw(9, 14)
    made = segmenter(output='logits')
    mask, confidence = made.predict(image, scores=True)
    assert np.array_equal(mask, greatest(image))
    assert confidence.shape == (9, 14)
    several = made.predict([image, draw(5, 6)], scores=True)
    assert [pair[1].shape for pair in several] == [(9, 14), (5, 6)]
    unsure = mark_unsure(mask, confidence, 0.9, 255)
    assert np.array_equal(unsure == 255, confidence < 0.9)


def test_a_model_that_gives_labels_alone_is_named(segmenter):
    with pytest.raises(DeployError, match='--output scores'):
        segmenter().predict(draw(4, 4), scores=True)
