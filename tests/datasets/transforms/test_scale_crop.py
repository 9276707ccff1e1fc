"""RandomScaleCrop gives what its two parts give, bit for bit, for the same seeds."""

from __future__ import annotations

import numpy as np
import pytest

from mmseg_liteseg.datasets.transforms import RandomPaddingCrop, RandomScaleCrop, ResizeStepScaling

SCALES = {
    'half-size': (0.125, 1.5, 0.125),
    'camvid': (0.5, 2.5, 0.25),
    'any': (0.3, 2.2, 0),
    'dyadic': (0.25, 2.0, 1.75),
    'one': (1, 1, 0),
}


@pytest.mark.parametrize('dtype', [np.uint8, np.float32])
@pytest.mark.parametrize('scales', SCALES)
def test_equals_the_two_steps(scales, dtype):
    rng = np.random.default_rng(7)
    fused_by_crop = {}
    for seed in range(40):
        size = rng.integers(1, 20, 2) * 8 if seed % 2 else rng.integers(1, 150, 2)
        crop = [(40, 64), (64, 40), (7, 150)][seed % 3]
        image = rng.integers(0, 256, (*size, 3)).astype(dtype)
        label = rng.integers(0, 11, size).astype(np.uint8)
        steps = [ResizeStepScaling(*SCALES[scales]), RandomPaddingCrop(crop)]
        fused = fused_by_crop.setdefault(crop, RandomScaleCrop(crop, *SCALES[scales]))  # used again, as in training
        outcomes = []
        for transforms in (steps, [fused]):
            np.random.seed(seed)
            # the steps take floats: PaddleSeg loads images as float32
            results = dict(img=image if len(transforms) == 1 else image.astype(np.float32), label=label)
            results['seg_fields'] = ['label']
            for transform in transforms:
                results = transform(results)
            outcomes.append((results, np.random.rand()))
        (expected, next_number), (actual, actual_number) = outcomes
        assert actual['img'].dtype == np.float32
        assert np.array_equal(actual['img'], expected['img']), (seed, size, crop)
        assert np.array_equal(actual['label'], expected['label']), (seed, size, crop)
        assert actual_number == next_number
        assert all(actual[key] == expected[key] for key in ('scale', 'scale_factor', 'img_shape'))


def test_results_share_no_memory():
    """The memory that is used again stays inside."""
    transform = RandomScaleCrop((8, 8))
    first = transform.apply(dict(img=np.zeros((16, 16, 3), np.uint8), seg_fields=[]), (0.75, 0, 0))['img']
    transform.apply(dict(img=np.full((16, 16, 3), 9, np.uint8), seg_fields=[]), (0.75, 0, 0))
    assert (first == 0).all()


def test_exception():
    with pytest.raises(ValueError, match='crop_size'):
        RandomScaleCrop((0, 1))
    with pytest.raises(ValueError, match='min_scale_factor'):
        RandomScaleCrop((1, 1), 2, 1)


@pytest.mark.parametrize('factor', [0.75, 1.25, 1.5, 1.75, 2.0, 2.25, 2.5])
@pytest.mark.parametrize('axis', [0, 1])
def test_exact_labels_stay_with_the_image(factor, axis):
    # where each pixel comes from, once as an image and once as labels
    place = np.indices((160, 160))[axis]
    size = round(160 * factor)
    shifts = []
    for exact in (False, True):
        results = dict(img=place[..., None].astype(np.float32), gt_seg_map=place.astype(np.uint8))
        transform = RandomScaleCrop((size, size), factor, factor, exact_labels=exact)
        after = transform.apply(dict(results, seg_fields=['gt_seg_map']), (factor, 0, 0))
        inner = (slice(8, -8), slice(8, -8))
        shifts.append(abs((after['gt_seg_map'].astype(float) - after['img'][..., 0])[inner].mean()))
    assert shifts[1] < 0.07  # pixels halfway between two go to either
    if factor != 2:
        assert shifts[0] > 0.09  # PaddleSeg's way
