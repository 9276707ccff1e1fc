import pytest
import torch

from mmseg_liteseg.ops import Targets

LABEL = torch.tensor([[[0, 255], [2, 1]], [[255, 255], [2, 0]]])


@pytest.mark.parametrize('label', [LABEL, LABEL[:, None], LABEL.to(torch.uint8)])
def test_ignored_labels_become_zero(label):
    targets = Targets(label, 255)
    assert targets.label.dtype == torch.int64
    assert targets.label.tolist() == [[[0, 0], [2, 1]], [[0, 0], [2, 0]]]
    assert targets.valid.tolist() == [[[True, False], [True, True]], [[False, False], [True, True]]]
    assert targets.num_valid == 5


@pytest.mark.parametrize(('ignore_index', 'num_classes', 'expected'), [(255, 3, True), (255, 2, False), (0, 256, True)])
def test_within(ignore_index, num_classes, expected):
    assert Targets(LABEL, ignore_index).within(num_classes) is expected


def test_negative_labels_are_not_within():
    assert not Targets(LABEL - 1, 254).within(3)
    assert Targets(LABEL - 1, -1).label.min() == 0
