"""The colour operations against PaddleSeg's outputs and against Pillow itself."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from mmseg_liteseg.datasets.transforms.distort_ops import (
    adjust_brightness,
    adjust_contrast,
    adjust_saturation,
    shift_hue,
)
from tests.helpers import load_data
from tests.paddle_reference import make_image

OPERATIONS = {
    'brightness': adjust_brightness,
    'contrast': adjust_contrast,
    'saturation': adjust_saturation,
    'hue': shift_hue,
}
ENHANCERS = {
    'brightness': ImageEnhance.Brightness,
    'contrast': ImageEnhance.Contrast,
    'saturation': ImageEnhance.Color,
}
REFERENCE = {key[4:]: value for key, value in load_data('parity_augment.npz').items() if key.startswith('ops/')}


def _run(name: str, image: np.ndarray, factor: float) -> np.ndarray:
    planes = tuple(np.ascontiguousarray(image[..., channel]) for channel in range(3))
    return np.dstack(OPERATIONS[name](planes, factor))


def _pillow_hue(image: np.ndarray, delta: float) -> np.ndarray:
    hsv = np.array(Image.fromarray(image).convert('HSV'))
    hsv[..., 0] = (hsv[..., 0] + delta).astype(np.int64).astype(np.uint8)
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # mode= is on its way out
        return np.asarray(Image.fromarray(hsv, mode='HSV').convert('RGB'))


def _all_colours(step: int) -> np.ndarray:
    """Every colour whose red is a multiple of ``step``; all ties and all orders of the channels are among them."""
    red, green, blue = np.meshgrid(np.arange(0, 256, step), np.arange(256), np.arange(256), indexing='ij')
    return np.stack([red, green, blue], -1).reshape(-1, 256, 3).astype(np.uint8)


def test_cardinality():
    assert len(REFERENCE) == 16
    assert {key.rsplit('_', 1)[0] for key in REFERENCE} == set(OPERATIONS)


@pytest.mark.parametrize('case', REFERENCE)
def test_parity_paddleseg(case):
    name, factor = case.rsplit('_', 1)
    assert np.array_equal(_run(name, make_image(64, 96), float(factor))[1::4], REFERENCE[case])


@pytest.mark.parametrize('name', ENHANCERS)
@pytest.mark.parametrize('factor', [0.0, 0.3331, 0.5, 0.99, 1.0, 1.0001, 1.25, 1.9])
def test_parity_pillow(name, factor):
    image = np.random.default_rng(0).integers(0, 256, (70, 40, 3), dtype=np.uint8)
    expected = np.asarray(ENHANCERS[name](Image.fromarray(image)).enhance(factor))
    assert np.array_equal(_run(name, image, factor), expected)


@pytest.mark.parametrize('delta', [-18.0, -0.5, 0.0, 7.3, 18.0])
def test_parity_pillow_hue(delta):
    image = _all_colours(51)
    assert np.array_equal(_run('hue', image, delta), _pillow_hue(image, delta))


def test_parity_pillow_grey():
    image = _all_colours(85)
    expected = np.asarray(ImageEnhance.Color(Image.fromarray(image)).enhance(0))
    assert np.array_equal(_run('saturation', image, 0), expected)


def test_input_is_left_alone():
    image = make_image(16, 24)
    planes = tuple(np.ascontiguousarray(image[..., channel]) for channel in range(3))
    for operation in OPERATIONS.values():
        operation(planes, 1.4)
    assert np.array_equal(np.dstack(planes), image)


@pytest.mark.parametrize('size', [(1, 1), (1, 40000), (3, 20000)])
def test_any_size(size):
    image = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    assert np.array_equal(_run('hue', image, 5.5), _pillow_hue(image, 5.5))
