import cv2
import numpy as np
import pytest
import tifffile

from mmseg_liteseg.datasets import LoadMultiLabelAnnotations, PackMultiLabelInputs
from mmseg_liteseg.errors import DataError
from mmseg_liteseg.registry import TRANSFORMS


def results(path, shape):
    return dict(img=np.zeros((*shape, 3), np.uint8), img_path='a.png', ori_shape=shape, seg_map_path=str(path))


@pytest.mark.parametrize('bands', [1, 2, 3, 6])
@pytest.mark.parametrize('value', [1, 255])
def test_bands_of_a_tiff(tmp_path, bands, value):
    masks = np.random.default_rng(0).integers(0, 2, (bands, 8, 10)).astype(np.uint8)
    planes = dict(planarconfig='separate') if bands > 1 else {}
    tifffile.imwrite(tmp_path / 'm.tif', masks * value, photometric='minisblack', **planes)
    found = LoadMultiLabelAnnotations()(results(tmp_path / 'm.tif', (8, 10)))
    assert found['gt_seg_map'].dtype == np.uint8
    assert (found['gt_seg_map'] == masks.transpose(1, 2, 0)).all()
    assert found['seg_fields'] == ['gt_seg_map']


def test_ignored_pixels(tmp_path):
    cv2.imwrite(str(tmp_path / 'm.png'), np.array([[0, 255, 128]], np.uint8))
    found = LoadMultiLabelAnnotations(ignore_value=128)(results(tmp_path / 'm.png', (1, 3)))
    assert found['gt_seg_map'][..., 0].tolist() == [[0, 1, 255]]


def test_exception_names_both_sizes(tmp_path):
    cv2.imwrite(str(tmp_path / 'm.png'), np.zeros((4, 6), np.uint8))
    with pytest.raises(DataError, match=r'm\.png: the masks of an image must have its size, found 4x6, 6x4'):
        LoadMultiLabelAnnotations()(results(tmp_path / 'm.png', (6, 4)))


@pytest.mark.parametrize('bands', [1, 2, 7])
@pytest.mark.parametrize(
    'transform',
    [
        dict(type='mmseg_liteseg.RandomScaleCrop', crop_size=(24, 20), min_scale_factor=0.5, max_scale_factor=2.0),
        dict(type='mmseg_liteseg.RandomHorizontalFlip', prob=1.0),
        dict(type='RandomFlip', prob=1.0),
        dict(type='Resize', scale=(30, 22)),
        dict(type='RandomCrop', crop_size=(10, 12)),
    ],
    ids=lambda t: t['type'],
)
def test_transforms_treat_every_band_alike(transform, bands):
    """Masks that are all one come out as one, and as the label map of the same transform."""
    rng = np.random.default_rng(0)
    one = rng.integers(0, 2, (16, 20)).astype(np.uint8)
    found = {}
    for name, masks in (('map', one), ('masks', np.repeat(one[..., None], bands, 2))):
        np.random.seed(1)
        data = dict(
            img=np.zeros((16, 20, 3), np.uint8), img_shape=(16, 20), gt_seg_map=masks, seg_fields=['gt_seg_map']
        )
        found[name] = TRANSFORMS.build(transform)(data)['gt_seg_map']
    masks = found['masks'] if found['masks'].ndim == 3 else found['masks'][..., None]
    assert masks.shape[2] == bands
    assert all((masks[..., i] == found['map']).all() for i in range(bands))


def test_packed_channels_first():
    packed = PackMultiLabelInputs()(dict(img=np.zeros((4, 5, 3), np.uint8), gt_seg_map=np.ones((4, 5, 2), np.uint8)))
    assert packed['data_samples'].gt_sem_seg.data.shape == (2, 4, 5)
    packed = PackMultiLabelInputs()(dict(img=np.zeros((4, 5, 3), np.uint8), gt_seg_map=np.ones((4, 5), np.uint8)))
    assert packed['data_samples'].gt_sem_seg.data.shape == (1, 4, 5)
