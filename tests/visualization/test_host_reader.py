"""What the host draws on: files of any depth and number of bands."""

from __future__ import annotations

import cv2
import mmcv
import mmseg.apis.inference
import mmseg.apis.mmseg_inferencer
import mmseg.engine.hooks.visualization_hook
import numpy as np
import pytest
import tifffile

from mmseg_liteseg.images import ImageFileError
from mmseg_liteseg.visualization.host_reader import lend_reader

DRAWING = [
    mmseg.apis.inference,
    mmseg.apis.mmseg_inferencer,
    mmseg.engine.hooks.visualization_hook,
]


@pytest.fixture(params=DRAWING, ids=lambda module: module.__name__.rsplit('.')[-1])
def lent(request):
    lend_reader()
    lend_reader()  # once more changes nothing
    return request.param.mmcv


@pytest.mark.parametrize('shape', [(20, 30, 5), (20, 30, 2), (20, 30)])
@pytest.mark.parametrize('dtype', [np.uint16, np.float32])
def test_what_mmcv_cannot_show_is_stretched(lent, tmp_path, shape, dtype):
    ramp = np.linspace(0.05, 0.8, 30).reshape(1, 30, *[1] * (len(shape) - 2)) * np.ones(shape)
    path = tmp_path / 'a.tif'
    tifffile.imwrite(path, (ramp * (4095 if dtype == np.uint16 else 1)).astype(dtype), photometric='minisblack')
    for picture in (lent.imread(str(path), channel_order='rgb'), lent.imfrombytes(path.read_bytes())):
        assert (picture.shape, picture.dtype) == ((20, 30, 3), np.uint8)
        assert picture[:, 0].max() < 10
        assert picture[:, -1].min() > 245


def test_pictures_of_8_bits_are_mmcv_s(lent, tmp_path):
    path = tmp_path / 'a.png'
    cv2.imwrite(str(path), np.random.default_rng(0).integers(0, 256, (9, 7, 3)).astype(np.uint8))
    for order in ('bgr', 'rgb'):
        found = lent.imread(str(path), channel_order=order)
        np.testing.assert_array_equal(found, mmcv.imread(str(path), 'color', order))
    grey = lent.imfrombytes(path.read_bytes(), 'grayscale')
    np.testing.assert_array_equal(grey, mmcv.imread(str(path), 'grayscale'))
    array = np.zeros((2, 2, 3))
    assert lent.imread(array) is array
    assert lent.imresize is mmcv.imresize


def test_broken_file(lent, tmp_path):
    (tmp_path / 'a.png').write_bytes(b'no picture')
    with pytest.raises(ImageFileError, match=r'a\.png: cannot be read as a picture'):
        lent.imread(str(tmp_path / 'a.png'))


def test_mmcv_itself_stays():
    lend_reader()
    assert mmcv.imread.__module__ == 'mmcv.image.io'
