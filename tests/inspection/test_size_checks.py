from __future__ import annotations

import numpy as np
import pytest


def crop(project, size, **options):
    step = dict(type='mmseg_liteseg.RandomScaleCrop', crop_size=size, **options)
    project.data()['pipeline'].insert(2, step)


def test_crops_that_are_always_padded(project):
    crop(project, (64, 128), max_scale_factor=1.25)
    line = project.only('crop-size', 'warning')
    assert 'train: 4 of 4 images are smaller than the crop 64x128 even at their largest scale (1.25)' in line
    project.data()['pipeline'][2]['max_scale_factor'] = 2.0
    assert project.inspect().findings == []


def test_crops_that_see_next_to_nothing(project):
    crop(project, (6, 6))
    assert [(finding.kind, finding.severity) for finding in project.inspect().findings] == [('crop-size', 'note')]


def test_tiny_images(project):
    project.write_image('train', 0, np.zeros((20, 64, 3), np.uint8))
    project.write_mask('train', 0, np.indices((20, 64))[1] // 32)
    assert '1 image is less than 32 pixels' in project.only('small-image', 'warning')


@pytest.mark.parametrize('resize', [None, dict(type='Resize', scale=(64, 48), keep_ratio=False)])
def test_validation_batches_of_several_sizes(project, resize):
    project.cfg['val_dataloader']['batch_size'] = 3
    assert project.inspect().findings == []
    project.write_image('val', 0, np.zeros((32, 64, 3), np.uint8))
    project.write_mask('val', 0, np.indices((32, 64))[1] // 32)
    if resize:
        project.data('val')['pipeline'].insert(1, resize)
        assert project.inspect().findings == []
    else:
        assert 'val_dataloader.batch_size is 3, but the val images have 2 sizes' in project.only('batch-sizes')
