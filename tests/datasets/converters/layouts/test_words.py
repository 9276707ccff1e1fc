"""What names of folders and files say."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmseg_liteseg.datasets.converters.layouts.words import read_name, split_of_name


@pytest.mark.parametrize(
    ('path', 'role', 'split', 'folder', 'core'),
    [
        ('leftImg8bit/train/bonn/bonn_1_leftImg8bit.png', 'image', 'train', 'bonn', 'bonn_1'),
        ('gtFine/train/bonn/bonn_1_gtFine_labelTrainIds.png', 'mask', 'train', 'bonn', 'bonn_1'),
        ('gtFine/train/bonn/bonn_1_gtFine_instanceIds.png', 'other', 'train', 'bonn', 'bonn_1'),
        ('SegmentationObject/1.png', 'other', '', '', '1'),
        ('train_masks/a_01_mask.gif', 'mask', 'train', '', 'a_01'),
        ('valannot/7.png', 'mask', 'val', '', '7'),
        ('imagesTs/la_3.png', 'image', 'test', '', 'la_3'),
        ('701_StillsRaw_full/0001TP_006690.png', 'image', '', '', '0001TP_006690'),
        ('x/0001TP_006690_L.png', 'mask', '', 'x', '0001TP_006690'),
        ('x/benign (1)_mask_1.png', 'mask', '', 'x', 'benign (1)'),
        ('images/a_mask.png', 'mask', '', '', 'a'),
        ('masks/photo_12.png', 'mask', '', '', '12'),
        ('test_drive/1.png', '', '', 'test_drive', '1'),
        ('train2017/1.jpg', '', 'train', '', '1'),
        ('a/mask.png', 'mask', '', 'a', ''),
        ('Image_01L_1stHO.png', 'mask', '', '', '01L'),
    ],
)
def test_names(path, role, split, folder, core):
    reading = read_name(Path(path))
    assert (reading.role, reading.split, reading.folder, reading.core) == (role, split, folder, core)


@pytest.mark.parametrize(
    ('stem', 'split'),
    [('train', 'train'), ('val_list', 'val'), ('trainval', ''), ('instances_val2017', 'val'), ('classes', '')],
)
def test_lists(stem, split):
    assert split_of_name(stem) == split
