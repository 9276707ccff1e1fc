"""Data sets with a mask for each class."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def several(project):
    project.cfg['model']['decode_head'].update(
        multi_label=True, loss_decode=dict(type='CrossEntropyLoss', use_sigmoid=True)
    )
    for name in ('val_evaluator', 'test_evaluator'):
        project.cfg[name] = dict(type='mmseg_liteseg.MultiLabelMetric')
    for split, count in (('train', 4), ('val', 3)):
        data = project.data(split)
        data.update(type='mmseg_liteseg.MultiLabelDataset', layout='folders')
        data['pipeline'][1:] = [
            dict(type='mmseg_liteseg.LoadMultiLabelAnnotations'),
            dict(type='mmseg_liteseg.PackMultiLabelInputs'),
        ]
        for index in range(count):
            project.mask(split, index).unlink()
            for band, name in enumerate(('left', 'right')):
                write(project, split, name, index, np.indices((48, 64))[1] < 32 * (band + 1))
    return project


def path_of(project, split, name, index):
    return project.root / f'masks/{split}/{name}/{index}.png'


def write(project, split, name, index, mask):
    path = path_of(project, split, name, index)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(mask.astype(np.uint8) * 255).save(path)


def test_classes_overlap(several):
    inspection = several.inspect()
    assert inspection.findings == []
    labels = inspection.labels('train')
    assert [labels.share(label) for label in (0, 1)] == [0.5, 1.0]


def test_a_mask_of_another_size(several):
    write(several, 'val', 'right', 1, np.ones((40, 64), bool))
    assert 'must have its size, found 40x64, 48x64' in several.only('unreadable')


def test_a_mask_of_class_indices(several):
    Image.fromarray((np.indices((48, 64))[1] // 16).astype(np.uint8)).save(path_of(several, 'val', 'left', 0))
    assert 'expected 0 and one other' in several.only('unreadable')


def test_a_missing_mask(several):
    path_of(several, 'train', 'left', 2).unlink()
    assert 'no such mask' in several.only('cannot-list')


def test_bands_against_classes(several):
    data = several.data('val')
    data.update(layout='bands', seg_map_suffix='.png')
    for index in range(3):
        bands = np.zeros((48, 64, 3), np.uint8)
        bands[:9] = 1
        Image.fromarray(bands).save(several.mask('val', index))
    assert '3 masks for 2 classes' in several.only('unreadable')


def test_a_class_that_is_nowhere(several):
    for index in range(4):
        write(several, 'train', 'left', index, np.zeros((48, 64), bool))
    assert 'train: no mask holds left' in several.only('absent-class', 'warning')
