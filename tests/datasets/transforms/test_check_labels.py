from __future__ import annotations

import numpy as np
import pytest

from mmseg_liteseg.datasets import CheckLabels
from mmseg_liteseg.errors import DataError


def results(label):
    return dict(gt_seg_map=np.array(label, np.uint8), seg_fields=['gt_seg_map'], seg_map_path='a.png')


@pytest.mark.parametrize(('ignored', 'label'), [(255, [[0, 1, 255]]), (0, [[0, 1]])])
def test_right_labels_pass_untouched(ignored, label):
    found = CheckLabels(2, ignored)(results(label))
    assert found['gt_seg_map'].tolist() == label


@pytest.mark.parametrize(
    ('ignored', 'label', 'words'),
    [
        (255, [[0, 2, 37]], r'mask a\.png: labels 2, 37, expected 0\.\.1 \(num_classes=2\) or ignore_index=255'),
        (0, [[0, 255]], r'labels 255, expected 0\.\.1 \(num_classes=2\) or ignore_index=0'),
        (255, [list(range(40))], r'labels 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, \.\.\., expected'),
        (255, [[[0, 0, 0]]], r'shape \(1, 1, 3\), expected one channel'),
    ],
)
def test_wrong_ones_name_the_file(ignored, label, words):
    with pytest.raises(DataError, match=words):
        CheckLabels(2, ignored)(results(label))


def test_sizes_are_those_of_the_image_as_loaded():
    sample = dict(results([[0, 1]]), img_path='a.jpg', img=np.zeros((5, 5, 3)), ori_shape=(1, 2))
    assert CheckLabels(2)(dict(sample)) == sample
    with pytest.raises(DataError, match=r'mask a\.png: 1 x 2 pixels .* but its image a\.jpg has 3 x 2'):
        CheckLabels(2)(dict(sample, ori_shape=(3, 2)))


def test_pictures_without_a_mask_pass():
    assert CheckLabels(2)(dict(img=1)) == dict(img=1)
    assert CheckLabels(2)(dict(seg_fields=[])) == dict(seg_fields=[])
