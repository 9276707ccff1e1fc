from __future__ import annotations

import numpy as np
import pytest


def test_images_without_masks(project):
    project.mask('val', 1).unlink()
    line = project.only('no-mask')
    assert 'val: 1 of 3 samples have no mask file' in line
    assert str(project.mask('val', 1)) in line


def test_masks_of_another_suffix(project):
    project.data()['seg_map_suffix'] = '_mask.tif'
    line = str(project.inspect().findings[0])
    assert 'train: 4 of 4 samples have no mask file' in line
    assert "holds 4 .png: set seg_map_suffix='.png'" in line


def test_masks_without_images(project):
    project.image('val', 1).unlink()
    line = project.only('no-image', 'warning')
    assert 'val: 1 of 3 masks have no image' in line


def test_links_to_nothing(project):
    project.image('val', 1).unlink()
    project.image('val', 1).symlink_to('nowhere.png')
    errors = [str(finding) for finding in project.inspect().findings if finding.severity == 'error']
    assert len(errors) == 1
    assert 'val: 1 link in' in errors[0]
    assert 'leads to nothing' in errors[0]


def test_listed_images_that_are_missing(project):
    (project.root / 'train.txt').write_text('0\n1\n7\n')
    project.data()['ann_file'] = 'train.txt'
    kinds = {finding.kind: str(finding) for finding in project.inspect().findings}
    assert set(kinds) == {'no-image', 'no-mask'}
    assert '1 of 3 samples have no image file' in kinds['no-image']


@pytest.mark.parametrize('suffix', ['.jpg', '.JPG', '.tif', '.PNG'])
def test_files_left_out_by_the_suffix(project, suffix):
    for index in (8, 9):
        project.image('train', index, suffix).write_bytes(b'')
    line = project.only('left-out', 'warning')
    assert f"train: 2 pictures beside the 4 used do not end in '.png': 2 {suffix}" in line


def test_images_and_masks_in_one_folder(project):
    for index in range(4):
        project.write_image('train', index, np.zeros((48, 64, 3), np.uint8), '.jpg')
        project.mask('train', index).rename(project.root / f'images/train/{index}_mask.png')
        project.image('train', index).unlink()
    prefix = dict(img_path='images/train', seg_map_path='images/train')
    project.data().update(img_suffix='.jpg', seg_map_suffix='_mask.png', data_prefix=prefix)
    assert project.inspect().findings == []
