"""CamVidDataset on what the converter writes."""

from __future__ import annotations

import numpy as np
import pytest
from mmengine.registry import init_default_scope

from mmseg_liteseg.datasets.converters import convert_camvid
from mmseg_liteseg.registry import DATASETS

from .converters.test_camvid import make_segnet

PIPELINE = [dict(type='LoadImageFromFile'), dict(type='LoadAnnotations')]


def _build(root, split='train', **kwargs):
    init_default_scope('mmseg')
    prefix = dict(img_path=f'img_dir/{split}', seg_map_path=f'ann_dir/{split}')
    return DATASETS.build(
        dict(type='mmseg_liteseg.CamVidDataset', data_root=str(root), data_prefix=prefix, pipeline=PIPELINE, **kwargs)
    )


@pytest.fixture(params=['.png', '.jpg'])
def root(request, tmp_path):
    return convert_camvid(make_segnet(tmp_path / 'in', suffix=request.param), tmp_path / 'out').out


def test_smoke(root):
    dataset = _build(root)
    assert len(dataset) == 2
    item = dataset[0]
    assert item['img'].shape == (12, 16, 3)
    assert set(np.unique(item['gt_seg_map'])) == {*range(11), 255}


def test_metainfo(root):
    dataset = _build(root)
    assert len(dataset.metainfo['classes']) == len(dataset.metainfo['palette']) == 11
    assert dataset.metainfo['classes'][0] == 'sky'


def test_subset_of_classes(root):
    dataset = _build(root, metainfo=dict(classes=('road', 'car')))
    assert set(np.unique(dataset[0]['gt_seg_map'])) == {0, 1, 255}


@pytest.mark.parametrize('root', ['.png'], indirect=True)
class TestException:
    def test_missing_root(self, root, tmp_path):
        with pytest.raises(FileNotFoundError, match=r'nowhere.*dataset_converters/camvid\.py'):
            _build(tmp_path / 'nowhere')

    def test_empty(self, root):
        for path in (root / 'img_dir/train').iterdir():
            path.unlink()
        with pytest.raises(FileNotFoundError, match='Convert CamVid first'):
            _build(root)

    def test_missing_label(self, root):
        (root / 'ann_dir/train/train_1.png').unlink()
        with pytest.raises(FileNotFoundError, match=r'no label.*train_1'):
            _build(root)

    @pytest.mark.parametrize('dangling', [False, True])
    def test_missing_image(self, root, dangling):
        image = root / 'img_dir/train/train_1.png'
        image.unlink()
        if dangling:
            image.symlink_to('nowhere.png')
        with pytest.raises(FileNotFoundError, match=r'img_dir/train: no image \(\.png\) for 1 of .*train_1'):
            _build(root)

    def test_links_in_a_circle(self, root):
        (root / 'img_dir/train/up').symlink_to(root / 'img_dir/train')
        with pytest.raises(OSError, match=r'Too many levels of symbolic links.*img_dir/train/up'):
            _build(root)

    def test_both_suffixes(self, root):
        (root / 'img_dir/train/train_0.jpg').touch()
        with pytest.raises(ValueError, match=r'\.jpg and \.png'):
            _build(root)

    def test_reduce_zero_label(self, root):
        with pytest.raises(ValueError, match='reduce_zero_label'):
            _build(root, reduce_zero_label=True)
