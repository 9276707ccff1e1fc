from __future__ import annotations

import numpy as np
import pytest

from mmseg_liteseg.datasets import RandomDistort, RandomScaleCrop, ResizeStepScaling
from mmseg_liteseg.datasets.transforms.checks import check_eight_bits
from mmseg_liteseg.images import ImageFileError
from tests.images.builders import pixels


def results_of(image, label=None, **more):
    found = dict(img=image, img_path='a.png', seg_fields=[], **more)
    return found if label is None else dict(found, gt_seg_map=label, seg_map_path='m.png', seg_fields=['gt_seg_map'])


@pytest.mark.parametrize('transform', [RandomScaleCrop(crop_size=(4, 4)), ResizeStepScaling()])
def test_a_mask_of_another_size_is_not_stretched(transform):
    with pytest.raises(ImageFileError, match=r'mask m\.png: 6 x 8 pixels .* image a\.png has 6 x 9'):
        transform(results_of(pixels((6, 9, 3)), pixels((6, 8))))
    assert transform(results_of(pixels((6, 9, 3)), pixels((6, 9))))['gt_seg_map'].size


@pytest.mark.parametrize(
    ('image', 'depth', 'reason'),
    [
        (pixels((6, 9, 4)), 'uint8', r'expects shape \(H, W, 3\), found \(6, 9, 4\)'),
        (pixels((6, 9)), 'uint8', r'found \(6, 9\)'),
        (pixels((6, 9, 3), np.float32), 'uint16', 'is for 8 bits, its values are uint16'),
        (pixels((6, 9, 3), np.float32, 4088), 'uint8', r'values of 0 to 255, found \d+ to 4\d+'),
        (pixels((6, 9, 3), np.float32) - 9, 'uint8', 'found -9 to'),
        (np.full((6, 9, 3), np.nan, np.float32), 'uint8', 'found nan'),
    ],
)
def test_what_is_no_8_bit_picture_is_not_distorted(image, depth, reason):
    with pytest.raises(ImageFileError, match=rf'image a\.png: RandomDistort .*{reason}.*remove RandomDistort'):
        RandomDistort()(results_of(image, img_depth=depth))


@pytest.mark.parametrize('dtype', [np.uint8, np.float32])
def test_pictures_of_0_to_255_pass(dtype):
    check_eight_bits(results_of(pixels((6, 9, 3), dtype)), 'it')
