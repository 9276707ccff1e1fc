"""Scale, crop and flip: sizes, fill values, draws and replays."""

from __future__ import annotations

import random

import numpy as np
import pytest

from mmseg_liteseg.datasets.transforms import RandomHorizontalFlip, RandomPaddingCrop, ResizeStepScaling


def make_results(height=20, width=30, dtype=np.float32):
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (height, width, 3)).astype(dtype)
    label = rng.integers(0, 11, (height, width), dtype=np.uint8)
    return dict(img=image, gt_seg_map=label, seg_fields=['gt_seg_map'], img_shape=(height, width))


class TestResizeStepScaling:
    @pytest.mark.parametrize(
        ('factor', 'size'),
        [(0.125, (2, 4)), (0.5, (10, 15)), (0.75, (15, 22)), (1.0, (20, 30)), (1.25, (25, 38)), (0.01, (1, 1))],
    )
    def test_sizes_round_half_to_even(self, factor, size):
        results = ResizeStepScaling().apply(make_results(), factor)
        assert results['img'].shape == (*size, 3)
        assert results['gt_seg_map'].shape == results['img_shape'] == size
        assert results['scale_factor'] == (size[1] / 30, size[0] / 20)

    def test_interpolates_floats(self):
        results = make_results(2, 2, np.uint8)
        results['img'][:] = np.array([[0, 1], [0, 1]], np.uint8)[..., None]
        image = ResizeStepScaling().apply(results, 2.0)['img']
        assert image.dtype == np.float32
        assert image[0, :, 0].tolist() == [0, 0.25, 0.75, 1]

    def test_labels_are_not_mixed(self):
        results = make_results()
        label = results['gt_seg_map']
        assert np.array_equal(ResizeStepScaling().apply(results, 3.0)['gt_seg_map'], np.kron(label, np.ones((3, 3))))

    def test_draws_every_step(self):
        np.random.seed(0)
        transform = ResizeStepScaling(0.125, 1.5, 0.125)
        drawn = {transform.draw({}) for _ in range(300)}
        assert sorted(drawn) == [0.125 * i for i in range(1, 13)]

    def test_one_factor_draws_nothing(self):
        np.random.seed(0)
        assert ResizeStepScaling(0.5, 0.5).draw({}) == 0.5
        number = np.random.rand()
        np.random.seed(0)
        assert number == np.random.rand()

    @pytest.mark.parametrize('kwargs', [dict(min_scale_factor=2), dict(min_scale_factor=0), dict(scale_step_size=-1)])
    def test_exception(self, kwargs):
        with pytest.raises(ValueError, match=next(iter(kwargs))):
            ResizeStepScaling(**kwargs)


class TestRandomPaddingCrop:
    def test_pads_below_and_to_the_right(self):
        results = make_results()
        image = results['img']
        results = RandomPaddingCrop((25, 40)).apply(results, (0, 0))
        assert np.array_equal(results['img'][:20, :30], image)
        assert (results['img'][20:] == 127.5).all()
        assert (results['img'][:, 30:] == 127.5).all()
        assert (results['gt_seg_map'][20:] == 255).all()
        assert (results['gt_seg_map'][:, 30:] == 255).all()

    @pytest.mark.parametrize('crop', [(20, 30), (5, 7), (25, 7), (5, 40), (1, 1)])
    def test_always_crop_size(self, crop):
        transform = RandomPaddingCrop(crop)
        for seed in range(5):
            np.random.seed(seed)
            results = transform(make_results())
            assert results['img'].shape == (*crop, 3)
            assert results['gt_seg_map'].shape == results['img_shape'] == crop

    def test_reaches_every_offset(self):
        np.random.seed(0)
        transform = RandomPaddingCrop((18, 28))
        drawn = {transform.draw(make_results()) for _ in range(300)}
        assert drawn == {(top, left) for top in range(3) for left in range(3)}

    def test_replay(self):
        results = make_results()
        cropped = RandomPaddingCrop((5, 7)).apply(dict(results), (11, 3))
        assert np.array_equal(cropped['img'], results['img'][11:16, 3:10])
        assert np.array_equal(cropped['gt_seg_map'], results['gt_seg_map'][11:16, 3:10])

    @pytest.mark.parametrize('crop', [(0, 4), (4,), (2.5, 4)])
    def test_exception(self, crop):
        with pytest.raises(ValueError, match='crop_size'):
            RandomPaddingCrop(crop)


class TestRandomHorizontalFlip:
    @pytest.mark.parametrize('flip', [True, False])
    def test_replay(self, flip):
        results = make_results()
        step = -1 if flip else 1
        flipped = RandomHorizontalFlip().apply(dict(results), flip)
        assert np.array_equal(flipped['img'], results['img'][:, ::step])
        assert np.array_equal(flipped['gt_seg_map'], results['gt_seg_map'][:, ::step])
        assert flipped['flip'] is flip

    def test_probability(self):
        random.seed(0)
        transform = RandomHorizontalFlip(0.25)
        share = np.mean([transform.draw({}) for _ in range(2000)])
        assert abs(share - 0.25) < 0.03

    def test_exception(self):
        with pytest.raises(ValueError, match='prob'):
            RandomHorizontalFlip(1.5)
