"""Colour distortion as PaddleSeg does (RandomDistort in paddleseg/transforms/transforms.py at d7975e7c)."""

from __future__ import annotations

import random

import cv2
import numpy as np
from mmcv.transforms.utils import cache_randomness

from mmseg_liteseg.errors import SettingError
from mmseg_liteseg.registry import TRANSFORMS

from .base import RandomTransform
from .checks import check_eight_bits
from .distort_ops import adjust_brightness, adjust_contrast, adjust_saturation, shift_hue

_OPERATIONS = {
    'brightness': adjust_brightness,
    'contrast': adjust_contrast,
    'saturation': adjust_saturation,
    'hue': shift_hue,
}


@TRANSFORMS.register_module()
class RandomDistort(RandomTransform):
    """Changes brightness, contrast, saturation and hue, each or not, in random order.

    The image becomes uint8 (truncated), whether or not anything is changed; padding is distorted with the rest.
    PaddleSeg's sharpness has probability 0 in every recipe and is not offered, but its random numbers are drawn.

    Args:
        brightness_range: Factors are drawn from 1 - range to 1 + range.
        brightness_prob: Probability of a change.
        contrast_range: As for the brightness.
        contrast_prob: Probability of a change.
        saturation_range: As for the brightness.
        saturation_prob: Probability of a change.
        hue_range: The hue, 0..255, is shifted by -range to range.
        hue_prob: Probability of a change.
        channel_order: 'bgr', as mmcv loads images, or 'rgb'.

    Raises:
        SettingError: If a range is negative (or over 1 for a factor), a probability is not in 0..1, or the order is
            unknown.
        ImageFileError: (in transform) The image has not 3 channels of 8 bits.
    """

    def __init__(
        self,
        brightness_range: float = 0.5,
        brightness_prob: float = 0.5,
        contrast_range: float = 0.5,
        contrast_prob: float = 0.5,
        saturation_range: float = 0.5,
        saturation_prob: float = 0.5,
        hue_range: float = 18,
        hue_prob: float = 0.5,
        channel_order: str = 'bgr',
    ) -> None:
        factors = {'brightness': brightness_range, 'contrast': contrast_range, 'saturation': saturation_range}
        for name, extent in factors.items():
            if not 0 <= extent <= 1:
                raise SettingError(f'{name}_range {extent}: expected 0 to 1')
        if not 0 <= hue_range <= 255:
            raise SettingError(f'hue_range {hue_range}: expected 0 to 255')
        if channel_order not in ('bgr', 'rgb'):
            raise SettingError(f"channel_order {channel_order!r}: expected 'bgr' or 'rgb'")
        self.bounds = {name: (1 - extent, 1 + extent) for name, extent in factors.items()}
        self.bounds['hue'] = (-hue_range, hue_range)
        self.probs = {
            'brightness': brightness_prob,
            'contrast': contrast_prob,
            'saturation': saturation_prob,
            'sharpness': 0.0,
            'hue': hue_prob,
        }
        for name, prob in self.probs.items():
            if not 0 <= prob <= 1:
                raise SettingError(f'{name}_prob {prob}: expected a probability between 0 and 1')
        self.channel_order = channel_order

    @cache_randomness
    def draw(self, results: dict) -> list[tuple[str, float]]:
        """The operations with their factors, in order of application."""
        names = list(self.probs)
        # Python's generator for the order and numpy's for the rest, as there: equal seeds give equal draws
        random.shuffle(names)
        return [
            (name, float(np.random.uniform(*self.bounds[name])))
            for name in names
            if np.random.uniform(0, 1) < self.probs[name]
        ]

    def apply(self, results: dict, params: list[tuple[str, float]]) -> dict:
        """Applies operations by name and factor."""
        check_eight_bits(results, 'RandomDistort')
        image = np.ascontiguousarray(results['img'].astype(np.uint8, copy=False))
        if params:
            planes = cv2.split(image)
            planes = planes[::-1] if self.channel_order == 'bgr' else planes
            for operation, factor in params:
                planes = _OPERATIONS[operation](planes, factor)
            image = cv2.merge(planes[::-1] if self.channel_order == 'bgr' else planes)
        results['img'] = image
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(bounds={self.bounds}, probs={self.probs}, channel_order={self.channel_order!r})'
