"""MultiScaleFlip: which copies there are, their sizes and their making."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from mmseg_liteseg.datasets.transforms import MultiScaleFlip
from tests.paddle_reference import make_image

PACK = [dict(type='PackSegInputs')]


def _copies(size=(90, 118), **kwargs):
    image = make_image(*size)
    results = dict(img=image, img_path='x.png', ori_shape=size, seg_fields=[])
    packed = MultiScaleFlip(PACK, **kwargs)(results)
    arrays = [copy.numpy().transpose(1, 2, 0) for copy in packed['inputs']]
    return image.astype(np.float32), arrays, [sample.metainfo for sample in packed['data_samples']]


def test_order_and_sizes():
    _, arrays, metas = _copies()
    sizes = [(68, 89), (90, 118), (113, 148)]  # int(factor * size + 0.5), each side for itself
    assert [array.shape[:2] for array in arrays] == [size for size in sizes for _ in range(2)]
    assert [meta['flip'] for meta in metas] == [False, True] * 3
    assert [meta['img_shape'] for meta in metas] == [array.shape[:2] for array in arrays]
    assert all(meta['ori_shape'] == (90, 118) for meta in metas)
    assert metas[1]['flip_direction'] == 'horizontal'


def test_flip_mirrors():
    _, arrays, _ = _copies()
    for plain, mirrored in zip(arrays[::2], arrays[1::2]):
        assert np.array_equal(plain, mirrored[:, ::-1])


def test_scales_floats_from_the_image():
    image, arrays, _ = _copies(flip=False)
    assert [array.dtype for array in arrays] == [np.float32] * 3
    for array in arrays:
        assert np.array_equal(array, cv2.resize(image, array.shape[1::-1]))


def test_cascade():
    image, arrays, _ = _copies(flip=False, cascade=True)
    for array in arrays:
        image = cv2.resize(image, array.shape[1::-1])
        assert np.array_equal(array, image)


@pytest.mark.parametrize('factors', [[], [0.5, 0]])
def test_exception(factors):
    with pytest.raises(ValueError, match='scale_factors'):
        MultiScaleFlip(PACK, scale_factors=factors)
