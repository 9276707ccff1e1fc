from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

SPOTS = np.indices((48, 64))[1] // 32


def findings(project, kind):
    return [finding for finding in project.inspect().findings if finding.kind == kind]


@pytest.mark.parametrize('split', ['train', 'val'])
def test_labels_beyond_the_classes(project, split):
    mask = SPOTS.copy()
    mask[0, 0] = 37
    project.write_mask(split, 2, mask)
    line = project.only('labels-beyond')
    assert f'{split}: 1 of' in line
    assert f'{project.mask(split, 2)} (37)' in line
    assert 'expected 0..1 (num_classes=2) or 255 (ignored)' in line


@pytest.mark.parametrize(
    ('change', 'words'),
    [
        (lambda mask: mask.astype(np.uint16) * 65535, '0 and 65535, mean off and on'),
        (lambda mask: mask.astype(np.uint16) * 256, '0 and 256, mean off and on'),
        (lambda mask: mask + 1, 'counted from 1'),
        (lambda mask: mask * 128, '0 and 128, mean off and on'),
    ],
)
def test_kinds_of_wrong_values_have_their_cure(project, change, words):
    project.map_masks(change, dtype=np.uint16)
    found = project.inspect().findings
    assert [(finding.kind, finding.split) for finding in found] == [
        ('labels-beyond', 'train'),
        ('labels-beyond', 'val'),
    ]
    assert words in str(found[0])


def test_16_bit_masks_of_right_values_are_fine(project):
    project.map_masks(lambda mask: mask, dtype=np.uint16)
    assert project.inspect().findings == []


@pytest.mark.parametrize('mode', ['RGB', 'RGBA', 'LA'])
def test_masks_of_several_channels(project, mode):
    for index in range(4):
        Image.open(project.mask('train', index)).convert(mode).save(project.mask('train', index))
    found = findings(project, 'colour-mask')
    assert [finding.severity for finding in found] == ['error']
    assert f'4 of 4 masks have several channels ({mode})' in str(found[0])


def test_rgb_jpeg_masks(project):
    project.data()['seg_map_suffix'] = '.jpg'
    for index in range(4):
        Image.fromarray(np.dstack([SPOTS * 200] * 3).astype(np.uint8)).save(project.mask('train', index, '.jpg'))
    assert 'JPEG has changed some pixels' in str(findings(project, 'colour-mask')[0])


def test_0_without_a_class(project):
    project.map_masks(lambda mask: np.indices(mask.shape)[1] // 22)
    assert 'set reduce_zero_label=True if 0 means no label' in str(findings(project, 'labels-beyond')[0])
    for split in ('train', 'val'):
        project.data(split)['reduce_zero_label'] = True
    assert project.inspect().findings == []


def test_255_with_another_ignored_label(project):
    project.head['ignore_index'] = 0
    project.write_mask('train', 0, SPOTS * 255)
    assert '255 is not ignored, as ignore_index is 0' in str(findings(project, 'labels-beyond')[0])


def test_masks_of_jpeg_that_still_hold_labels(project):
    for split in ('train', 'val'):
        for path in sorted((project.root / f'masks/{split}').iterdir()):
            Image.fromarray(np.asarray(Image.open(path))).save(path.with_suffix('.jpg'))
            path.unlink()
        project.data(split)['seg_map_suffix'] = '.jpg'
    found = project.inspect().findings
    assert [(finding.kind, finding.severity) for finding in found] == [('jpeg-mask', 'warning')] * 2


def test_folders_that_are_swapped(project):
    for split in ('train', 'val'):
        prefix = project.data(split)['data_prefix']
        prefix['img_path'], prefix['seg_map_path'] = prefix['seg_map_path'], prefix['img_path']
    lines = [str(finding) for finding in project.inspect().findings if finding.kind == 'colour-mask']
    assert len(lines) == 2
    assert all('img_path and seg_map_path look swapped' in line for line in lines)
