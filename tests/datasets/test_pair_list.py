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
        ('c.PNG\n', r'line 1 has 1 columns.*c\.PNG'),
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
