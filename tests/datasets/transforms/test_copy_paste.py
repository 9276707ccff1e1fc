"""Objects of other images: which, where, and that nothing else changes."""

from __future__ import annotations

import numpy as np
import pytest
from mmseg.registry import DATASETS

from mmseg_liteseg.datasets.transforms import CopyPaste
from mmseg_liteseg.datasets.transforms.copy_paste import Paste
from mmseg_liteseg.errors import SettingError
from mmseg_liteseg.images.errors import ImageFileError

POLE, SIGN = 2, 6


def make_results(value=0, height=40, width=60):
    label = np.zeros((height, width), np.uint8)
    return dict(img=np.full((height, width, 3), value, np.uint8), gt_seg_map=label, seg_fields=['gt_seg_map'])


def make_pole():
    """An image of 200 with a pole of 2 x 20 pixels and its sign of 6 x 4; a second pole of 3 x 2 pixels."""
    results = make_results(100)
    results['gt_seg_map'][10:30, 20:22] = POLE
    results['gt_seg_map'][6:10, 18:24] = SIGN
    results['gt_seg_map'][35:37, 50:53] = POLE
    results['img'][results['gt_seg_map'] > 0] = 200
    return results


def paste(params, target=None, **settings):
    results = dict(target or make_results(), mix_results=[make_pole()])
    return CopyPaste(classes=[POLE, SIGN], **{'blend': False, **settings}).apply(results, params)


def test_a_sign_comes_with_its_pole_and_stays_on_the_ground():
    after = paste([Paste(source=0, region=1, scale=1.0, flip=False, left=0.0, shift=0.0)])
    label = after['gt_seg_map']
    # first rows in OpenCV's numbering belong to the sign: region 1 is it and its pole
    assert np.argwhere(label == POLE).min(0).tolist() == [10, 2]
    assert np.argwhere(label == POLE).max(0).tolist() == [29, 3]
    assert (label == SIGN).sum() == 24
    assert np.array_equal(after['img'][..., 0] == 200, label > 0)  # nothing of the object's background


@pytest.mark.parametrize(('scale', 'height', 'bottom'), [(0.5, 12, 30), (1.0, 24, 30), (2.0, 30, 30)])
def test_scales_about_its_foot(scale, height, bottom):
    label = paste([Paste(0, 1, scale, False, 0.5, 0.0)])['gt_seg_map']
    rows = np.argwhere(label > 0)[:, 0]
    # twice as high it begins above the image
    assert (rows.min(), rows.max() + 1) == (bottom - height, bottom)


def test_mirrors_and_moves():
    source = make_pole()
    source['gt_seg_map'][6:10, 18:20] = 0
    results = dict(make_results(), mix_results=[source])
    label = CopyPaste(classes=[POLE, SIGN]).apply(results, [Paste(0, 1, 1.0, True, 1.0, 0.25)])['gt_seg_map']
    assert label[:16].max() == 0
    assert label[16, 56:].tolist() == [SIGN] * 4  # ten rows lower, at the right edge
    assert label[20, 56:].tolist() == [0, 0, POLE, POLE]  # the pole stood left


def test_the_sources_are_not_written_to():
    source, target = make_pole(), make_results()
    before = [array.copy() for sample in (source, target) for array in (sample['img'], sample['gt_seg_map'])]
    CopyPaste(classes=[POLE]).apply(dict(target, mix_results=[source]), [Paste(0, 1, 1.3, True, 0.3, 0.1)])
    after = [array for sample in (source, target) for array in (sample['img'], sample['gt_seg_map'])]
    assert all(map(np.array_equal, before, after))


@pytest.mark.parametrize('dtype', [np.uint8, np.float32])
def test_edges_are_mixed_and_labels_are_not(dtype):
    target = make_results(0)
    target['img'] = target['img'].astype(dtype)
    after = paste([Paste(0, 1, 1.0, False, 0.0, 0.0)], target, blend=True)
    label = after['gt_seg_map']
    assert set(np.unique(label)) == {0, POLE, SIGN}
    # a pole of two pixels: both are edges, of 3 / 4 by the binomial kernel (1, 2, 1) / 4
    assert after['img'][20, 1:5, 0].tolist() == [0, 150, 150, 0]
    assert after['img'][8, 0:6, 0].tolist() == [150, 200, 200, 200, 200, 150]
    assert not after['img'][label == 0].any()
    assert after['img'].dtype == dtype


def test_draws_large_enough_regions_within_their_ranges():
    np.random.seed(0)
    transform = CopyPaste(classes=[POLE, SIGN], max_objects=2, scale=(0.5, 0.6), max_shift=0.2, min_pixels=7)
    drawn = [transform.draw(dict(mix_results=[make_pole(), make_results(), make_pole()])) for _ in range(50)]
    assert {len(objects) for objects in drawn} == {1, 2}
    objects = [one for some in drawn for one in some]
    assert {(one.source, one.region) for one in objects} == {(0, 1), (2, 1)}
    assert all(0.5 <= one.scale <= 0.6 and abs(one.shift) <= 0.2 and 0 <= one.left < 1 for one in objects)
    assert {one.flip for one in objects} == {True, False}


@pytest.mark.parametrize('others', [[], [make_results()]])
def test_nothing_to_paste(others):
    results = make_results(5)
    after = CopyPaste(classes=[POLE], prob=1)(dict(results, mix_results=others))
    assert after['img'] is results['img']


@pytest.mark.parametrize(('prob', 'numbers'), [(0, {0}), (1, {3}), (0.5, {0, 3})])
def test_takes_so_many_images(prob, numbers):
    np.random.seed(0)
    transform = CopyPaste(classes=[POLE], prob=prob, images=3)
    assert {len(transform.get_indices(range(9))) for _ in range(40)} == numbers


def test_in_mmsegs_wrapper():
    loads = [dict(type='LoadImageFromFile'), dict(type='LoadAnnotations')]
    scenes = dict(type='mmseg_liteseg.SyntheticStreetDataset', length=4, size=(64, 96), pipeline=loads)
    steps = [dict(type='mmseg_liteseg.CopyPaste', classes=[POLE], prob=1, max_objects=8)]
    plain = DATASETS.build(scenes)
    mixed = DATASETS.build(dict(type='MultiImageMixDataset', dataset=scenes, pipeline=steps))
    np.random.seed(0)
    more = [(mixed[i]['gt_seg_map'] == POLE).sum() - (plain[i]['gt_seg_map'] == POLE).sum() for i in range(4)]
    assert max(more) > 16


@pytest.mark.parametrize('of_the_other', [False, True])
def test_a_mask_of_another_size(of_the_other):
    other = make_pole()
    results = dict(make_results(), mix_results=[other])
    wrong = other if of_the_other else results
    wrong['gt_seg_map'] = wrong['gt_seg_map'][:9]
    with pytest.raises(ImageFileError, match='9'):
        CopyPaste(classes=[POLE]).apply(results, [Paste(0, 1, 1.0, False, 0.0, 0.0)])


def test_without_the_wrapper_it_says_so():
    with pytest.raises(SettingError, match='MultiImageMixDataset'):
        CopyPaste(classes=[POLE])(make_results())


def test_without_masks_it_says_so():
    other = make_pole()
    del other['gt_seg_map']
    with pytest.raises(SettingError, match='LoadAnnotations'):
        CopyPaste(classes=[POLE])(dict(make_results(), mix_results=[other]))


@pytest.mark.parametrize(
    ('settings', 'words'),
    [
        (dict(classes=2), 'classes'),
        (dict(images=1.5), 'images'),
        (dict(classes=[]), 'classes'),
        (dict(classes=[-1]), 'classes'),
        (dict(classes=['pole']), 'classes'),
        (dict(prob=1.5), 'prob'),
        (dict(max_shift=-0.1), 'max_shift'),
        (dict(scale=(0, 1)), 'scale'),
        (dict(scale=(2, 1)), 'scale'),
        (dict(max_objects=0), 'max_objects'),
        (dict(images=0), 'images'),
    ],
)
def test_wrong_settings(settings, words):
    with pytest.raises(SettingError, match=words):
        CopyPaste(**{'classes': [1], **settings})
