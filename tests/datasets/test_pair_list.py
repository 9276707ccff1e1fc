"""Lists of images and masks as a data set."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from mmseg_liteseg.errors import DataError
from mmseg_liteseg.registry import DATASETS


@pytest.fixture
def root(tmp_path):
    for name in ('a b.jpg', 'c.PNG', 'm/a.png', 'm/c.tif'):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.fromarray(np.full((4, 6), len(name), np.uint8)).save(tmp_path / name)
    return tmp_path


def _build(root, text, **kwargs):
    (root / 'train.txt').write_text(text, encoding='utf-8')
    steps = [dict(type='LoadImageFromFile'), dict(type='LoadAnnotations')]
    cfg = dict(type='mmseg_liteseg.PairListDataset', ann_file='train.txt', data_root=str(root), pipeline=steps)
    return DATASETS.build(dict(cfg, metainfo=dict(classes=('x', 'y')), **kwargs))


def test_tabs_blanks_and_absolute_paths(root):
    dataset = _build(root, f'a b.jpg\tm/a.png\n\n{root}/c.PNG m/c.tif\n'.replace('\n\n', '\n'))
    assert [dataset[i]['gt_seg_map'][0, 0] for i in range(2)] == [7, 7]
    assert dataset[0]['img'].shape == (4, 6, 3)
    assert dataset.metainfo['classes'] == ('x', 'y')


@pytest.mark.parametrize(
    ('text', 'match'),
    [
        ('', 'is empty'),
        ('c.PNG\n', r'line 1 has 1 column,.*c\.PNG'),
        ('c.PNG m/c.tif\na b.jpg m/a.png', 'line 2 has 3 columns'),
        ('c.PNG m/gone.png', r'line 1 names .*gone\.png, which is not there'),
    ],
)
def test_bad_lists(root, text, match):
    with pytest.raises(DataError, match=match):
        _build(root, text)


def test_no_list(root):
    with pytest.raises(DataError, match=r'other\.txt: no such list'):
        _build(root, 'c.PNG m/c.tif').__class__(ann_file='other.txt', data_root=str(root))


def test_several_labels_at_a_pixel(root):
    """A mask per class, '-' for one that is not there, or a file with a band per class, red first."""
    one = np.zeros((4, 6, 3), np.uint8)
    one[0, :, 0] = 255
    for name, pixels in (('m/y.png', one[..., 0]), ('m/rg.png', one)):
        Image.fromarray(pixels).save(root / name)
    steps = [dict(type='LoadImageFromFile'), dict(type='mmseg_liteseg.LoadMultiLabelAnnotations')]
    options = dict(multi_label=True, pipeline=steps)
    dataset = _build(root, 'c.PNG m/y.png -\nc.PNG - m/y.png\nc.PNG - -\n'.replace(' ', '\t'), **options)
    assert [dataset[i]['gt_seg_map'].sum((0, 1)).tolist() for i in range(3)] == [[6, 0], [0, 6], [0, 0]]
    dataset = _build(root, 'c.PNG m/rg.png', **options)
    assert dataset[0]['gt_seg_map'].sum((0, 1)).tolist() == [6, 0, 0]
    with pytest.raises(DataError, match='expected an image and its mask, or 2 masks'):
        _build(root, 'c.PNG a b d', **options)


def test_a_prefix_of_an_inherited_data_set_means_nothing(root):
    dataset = _build(root, 'c.PNG m/c.tif', data_prefix=dict(img_path='img_dir/train', seg_map_path='ann_dir/train'))
    assert dataset[0]['img'].shape == (4, 6, 3)
