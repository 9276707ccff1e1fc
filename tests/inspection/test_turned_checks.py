from __future__ import annotations

import cv2
import numpy as np
import pytest

from mmseg_liteseg.images.orientation import turn
from mmseg_liteseg.inspection.turned_checks import fit_by_way

BACK = {2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}


def pair(seed, size):
    """An image with texture and a mask of its three regions, drawn a pixel or two beside their edges."""
    rng = np.random.default_rng(seed)
    labels = np.zeros(size, np.uint8)
    for value in (1, 1, 1):
        centre = [int(rng.integers(size[0] // 6, 5 * side // 6)) for side in size[::-1]]
        axes = [int(rng.integers(side // 12, side // 4)) for side in size[::-1]]
        cv2.ellipse(labels, centre, axes, float(rng.uniform(0, 180)), 0, 360, value, -1)
    fine = cv2.resize(rng.normal(0, 1, (size[0] // 4, size[1] // 4)), size[::-1], interpolation=cv2.INTER_CUBIC)
    grey = np.clip(90 + 60 * labels + 22 * fine, 0, 255).astype(np.uint8)
    return np.stack([grey] * 3, axis=2), np.roll(labels, (1, 1), (0, 1))


def fill(project, size, way=1, count=None):
    for split, files in (('train', 4), ('val', 3)):
        for index in range(files if count is None else count):
            image, labels = pair(10 * index + (split == 'val'), size)
            project.write_image(split, index, image)
            project.write_mask(split, index, turn(labels, way) if way > 1 else labels)


def found(project, **options):
    return [finding for finding in project.inspect(**options).findings if finding.kind == 'mask-turned']


@pytest.mark.parametrize('way', [2, 3, 4, 5, 6, 7, 8])
def test_masks_that_lie_otherwise_are_told(project, way):
    fill(project, (128, 128), way, count=4)
    findings = found(project)
    assert [finding.split for finding in findings] == ['train', 'val']
    assert findings[0].what.startswith('train: 4 of 4 masks looked at fit their images better ')
    words = {2: 'mirrored left', 3: 'by half', 4: 'upside', 5: 'transposed', 6: ', anticlockwise', 8: ', clockwise'}
    assert words.get(way, 'transposed and turned') in findings[0].what
    assert len(findings[0].where) == 4


@pytest.mark.parametrize('size', [(128, 128), (96, 160)])
def test_masks_that_fit_are_not(project, size):
    fill(project, size, count=12)
    assert found(project) == []


@pytest.mark.parametrize('way', [2, 3, 4])
def test_without_a_square_too(project, way):
    fill(project, (96, 160), way, count=5)
    assert len(found(project)) == 2


def test_a_part_of_the_masks(project):
    fill(project, (128, 128), count=12)
    for index in range(5):
        project.write_mask('train', index, np.rot90(pair(10 * index, (128, 128))[1]))
    (finding,) = found(project)
    assert finding.what == 'train: 5 of 12 masks looked at fit their images better turned by a quarter, clockwise'


def test_a_few_and_textures_without_edges_are_not_told(project):
    fill(project, (128, 128), count=12)
    rng = np.random.default_rng(0)
    project.write_mask('train', 0, np.rot90(pair(0, (128, 128))[1]))
    for index in range(12):
        project.write_image('val', index, rng.integers(0, 256, (128, 128, 3)).astype(np.uint8))
    assert found(project) == []


def test_a_training_starts_without_it(project):
    fill(project, (128, 128), 3, count=5)
    assert found(project, seconds=60) == []


def test_ways_that_change_the_size_are_not_tried():
    assert set(fit_by_way(np.zeros((48, 64), np.uint8), np.eye(48, 64, dtype=np.uint8))) == {1, 2, 3, 4}
