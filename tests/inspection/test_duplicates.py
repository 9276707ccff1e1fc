from __future__ import annotations

import sys

import cv2
import numpy as np
import pytest

from mmseg_liteseg.inspection.duplicates import find_pairs

pytest.importorskip('imagehash')


def scene(seed):
    """A picture with coarse structure, as photos have it."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 8, 3)).astype(np.uint8)
    return cv2.resize(coarse, (64, 48), interpolation=cv2.INTER_CUBIC)


def test_copies_and_near_copies_across_splits_are_found(project):
    rng = np.random.default_rng(0)
    frame = scene(11)
    brighter = np.clip(frame * 0.9 + 20 + rng.normal(0, 3, frame.shape), 0, 255).astype(np.uint8)
    project.write_image('train', 0, frame)
    project.write_image('val', 1, brighter)
    line = project.only('duplicates', 'warning')
    assert '1 of 3 val images are (nearly) in train as well' in line
    assert f'{project.image("val", 1)} = {project.image("train", 0)}' in line


def test_one_folder_for_both_splits(project):
    project.data('val')['data_prefix'] = project.data()['data_prefix']
    assert '4 of 4 val images are in train as well' in project.only('duplicates', 'warning')


def test_different_scenes_are_no_pairs():
    scenes = [cv2.cvtColor(cv2.resize(scene(seed), (32, 32)), cv2.COLOR_RGB2GRAY) for seed in range(200)]
    assert list(find_pairs(scenes[:100], scenes[100:])) == []
    assert list(find_pairs(scenes, scenes)) == [(index, index) for index in range(200)]


def test_flat_images_are_pairs_only_if_equal():
    black, grey = np.zeros((32, 32), np.uint8), np.full((32, 32), 90, np.uint8)
    assert list(find_pairs([black, grey], [grey])) == [(1, 0)]
    assert list(find_pairs([], [grey])) == []


def test_without_the_package_a_note_says_so(project, monkeypatch):
    monkeypatch.setitem(sys.modules, 'imagehash', None)
    monkeypatch.setattr('importlib.util.find_spec', lambda name: None)
    found = project.inspect().findings
    assert [(finding.kind, finding.cure) for finding in found] == [('no-imagehash', 'pip install imagehash')]


@pytest.mark.parametrize('change', [np.fliplr, np.flipud, np.rot90, lambda image: np.rot90(image, 2)])
def test_mirrored_and_turned_copies_are_found(project, change):
    frame = scene(11)
    project.write_image('train', 0, np.ascontiguousarray(cv2.resize(frame, (48, 48))))
    project.write_image('val', 1, np.ascontiguousarray(change(cv2.resize(frame, (48, 48)))))
    for split, index in (('train', 0), ('val', 1)):
        project.write_mask(split, index, np.indices((48, 48))[1] // 24)
    line = next(str(finding) for finding in project.inspect().findings if finding.kind == 'duplicates')
    assert '1 of 3 val images are (nearly) in train as well, 1 of them mirrored or turned' in line
