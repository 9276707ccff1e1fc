from __future__ import annotations

import cv2
import numpy as np
import pytest

from mmseg_liteseg.inspection.crops import check_crops

SIZE = (120, 160)


def scene(seed, size=SIZE):
    """A picture with coarse structure and detail, as photos have them."""
    rng = np.random.default_rng(seed)
    coarse, fine = (
        cv2.resize(rng.integers(0, 256, (*cells, 3)).astype(np.uint8), size[::-1], interpolation=cv2.INTER_CUBIC)
        for cells in ((6, 8), (40, 53))
    )
    return cv2.addWeighted(coarse, 0.6, fine, 0.4, 0)


@pytest.fixture
def large(project):
    """A project of images large enough to tell parts of them."""
    for number, (split, count) in enumerate((('train', 4), ('val', 3))):
        for index in range(count):
            write(project, split, index, scene(10 * number + index))
    return project


def write(project, split, index, image):
    project.write_image(split, index, image)
    project.write_mask(split, index, np.indices(image.shape[:2])[1] // (image.shape[1] // 2 + 1))


def found(project, **options):
    return [finding for finding in project.inspect(**options).findings if finding.kind == 'cropped']


@pytest.mark.parametrize('side', [0.7, 0.8, 0.95])
@pytest.mark.parametrize('scale', [0.8, 1.0, 1.6])
def test_parts_of_training_images_are_found(large, side, scale):
    height, width = (int(side * length) for length in SIZE)
    part = scene(2)[5 : 5 + height, 7 : 7 + width]
    part = cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR)
    write(large, 'val', 1, np.clip(part * 0.9 + 12, 0, 255).astype(np.uint8))
    (finding,) = found(large)
    assert (finding.severity, finding.split, finding.count) == ('warning', 'val', 1)
    assert finding.what == '1 of 3 val images are parts of images in train, or contain one'
    assert list(finding.where) == [f'{large.image("val", 1)} is part of {large.image("train", 2)}']


def test_training_images_that_are_parts_are_found(large):
    write(large, 'train', 3, scene(11)[10:110, 5:138])
    assert found(large)[0].where == (f'{large.image("val", 1)} contains {large.image("train", 3)}',)


@pytest.mark.parametrize('rows', [slice(0, 90), slice(30, 120)])
def test_parts_of_another_shape_are_found(large, rows):
    write(large, 'val', 0, scene(1)[rows])
    assert found(large)[0].where == (f'{large.image("val", 0)} is part of {large.image("train", 1)}',)


def test_other_scenes_are_no_parts_and_copies_are_told_otherwise(large):
    assert found(large) == []
    write(large, 'val', 0, scene(1))
    assert [finding.kind for finding in large.inspect().findings] == ['duplicates']


def test_a_training_starts_without_it(large):
    write(large, 'val', 1, scene(2)[10:110, 5:138])
    assert found(large, seconds=60) == []


def test_the_time_is_bounded_by_what_is_compared(large, monkeypatch):
    write(large, 'val', 0, scene(2)[10:110, 5:138])
    monkeypatch.setattr('mmseg_liteseg.inspection.crops._MOST_COMPARED', 1.0)
    assert len(check_crops(large.inspect().scans)) == 1  # the first of each split
    monkeypatch.setattr('mmseg_liteseg.inspection.crops._MOST_READ', 0)
    assert check_crops(large.inspect().scans) == []
