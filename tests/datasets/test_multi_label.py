import cv2
import numpy as np
import pytest

from mmseg_liteseg.datasets import MultiLabelDataset
from mmseg_liteseg.errors import DataError, SettingError
from tests.drawn_set import CLASSES, draw, write

LOAD = [
    dict(type='LoadImageFromFile'),
    dict(type='mmseg_liteseg.LoadMultiLabelAnnotations'),
    dict(type='mmseg_liteseg.PackMultiLabelInputs'),
]


def make(root, **kwargs):
    prefix = dict(img_path='img', seg_map_path='ann')
    options = dict(
        data_root=str(root), data_prefix=prefix, img_suffix='.png', pipeline=LOAD, metainfo=dict(classes=CLASSES)
    )
    return MultiLabelDataset(**{**options, **kwargs})


@pytest.mark.parametrize(('layout', 'suffix'), [('bands', '.tif'), ('folders', '.png')])
def test_masks_arrive_as_drawn(tmp_path, layout, suffix):
    write(tmp_path, layout, count=3)
    dataset = make(tmp_path, layout=layout, seg_map_suffix=suffix)
    assert len(dataset) == 3
    for index in range(3):
        found = dataset[index]['data_samples'].gt_sem_seg.data
        assert found.shape == (2, 48, 48)
        assert (found.numpy() == draw(index)[1].transpose(2, 0, 1)).all()


def test_a_missing_mask(tmp_path):
    write(tmp_path, 'folders', count=2)
    (tmp_path / 'ann/disc/01.png').unlink()
    with pytest.raises(DataError, match=r'ann/disc/01\.png: no such mask.*missing_is_empty=True'):
        len(make(tmp_path, layout='folders'))
    dataset = make(tmp_path, layout='folders', missing_is_empty=True)
    found = dataset[1]['data_samples'].gt_sem_seg.data
    assert found[0].any()
    assert not found[1].any()


@pytest.mark.parametrize(
    ('kwargs', 'field'), [(dict(layout='columns'), 'layout'), (dict(metainfo=dict(palette=[])), 'metainfo')]
)
def test_exception_names_the_setting(tmp_path, kwargs, field):
    with pytest.raises(SettingError, match=f'MultiLabelDataset.{field}'):
        make(tmp_path, **kwargs)


def test_exception_more_values_than_two(tmp_path):
    write(tmp_path, 'folders', count=1)
    cv2.imwrite(str(tmp_path / 'ann/disc/00.png'), np.arange(48 * 48, dtype=np.uint8).reshape(48, 48) % 3)
    with pytest.raises(DataError, match=r'disc/00\.png: band 0 holds the values 0, 1, 2, expected 0 and one other'):
        make(tmp_path, layout='folders')[0]
