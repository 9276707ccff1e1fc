"""Scale, crop and flip as PaddleSeg does (paddleseg/transforms/transforms.py at d7975e7c).

All take images (H, W, C) and label maps (H, W), those named in ``seg_fields``. Load images with ``to_float32=True``:
PaddleSeg interpolates floats, and uint8 would round each value.
"""

from __future__ import annotations

import random

import cv2
import mmcv
import numpy as np
from mmcv.transforms.utils import cache_randomness

from mmseg_liteseg.errors import SettingError
from mmseg_liteseg.registry import TRANSFORMS

from .base import RandomTransform
from .checks import check_sizes


@TRANSFORMS.register_module()
class ResizeStepScaling(RandomTransform):
    """Scales image (bilinear) and labels (nearest) by a factor from an evenly spaced list.

    Args:
        min_scale_factor: Smallest factor.
        max_scale_factor: Largest factor.
        scale_step_size: Distance between factors; 0 draws any factor in between.

    Raises:
        SettingError: If the factors are not positive and in order, or the step is negative.
    """

    def __init__(
        self, min_scale_factor: float = 0.75, max_scale_factor: float = 1.25, scale_step_size: float = 0.25
    ) -> None:
        if not 0 < min_scale_factor <= max_scale_factor:
            raise SettingError(
                f'min_scale_factor {min_scale_factor}, max_scale_factor {max_scale_factor}: expected 0 < min <= max'
            )
        if scale_step_size < 0:
            raise SettingError(f'scale_step_size {scale_step_size}: expected 0 or more')
        self.min_scale_factor = min_scale_factor
        self.max_scale_factor = max_scale_factor
        self.scale_step_size = scale_step_size

    @cache_randomness
    def draw(self, results: dict) -> float:
        """The factor. PaddleSeg shuffles the whole list and takes the first."""
        low, high = self.min_scale_factor, self.max_scale_factor
        if low == high:
            return low
        if self.scale_step_size == 0:
            return np.random.uniform(low, high)
        # int truncates as there: a step that does not divide the range stretches
        factors = np.linspace(low, high, int((high - low) / self.scale_step_size + 1)).tolist()
        np.random.shuffle(factors)
        return factors[0]

    def scaled_size(self, results: dict, factor: float) -> tuple[int, int]:
        """Height and width after scaling: ``round(factor * size)``, halves to the even number."""
        height, width = results['img'].shape[:2]
        return max(round(factor * height), 1), max(round(factor * width), 1)

    def apply(self, results: dict, params: float) -> dict:
        """Scales by the given factor."""
        check_sizes(results)
        height, width = results['img'].shape[:2]
        size = self.scaled_size(results, params)[::-1]
        if size != (width, height):
            image = results['img'].astype(np.float32, copy=False)
            results['img'] = mmcv.imresize(image, size, interpolation='bilinear', backend='cv2')
            for key in results.get('seg_fields', []):
                results[key] = mmcv.imresize(results[key], size, interpolation='nearest', backend='cv2')
        results['scale'] = size
        results['scale_factor'] = (size[0] / width, size[1] / height)
        results['img_shape'] = results['img'].shape[:2]
        return results

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(min_scale_factor={self.min_scale_factor}, '
            f'max_scale_factor={self.max_scale_factor}, scale_step_size={self.scale_step_size})'
        )


@TRANSFORMS.register_module()
class RandomPaddingCrop(RandomTransform):
    """Pads at the bottom and the right where the image is too small, then crops at random.

    Unlike mmseg's RandomCrop it always gives ``crop_size``, and looks at no class shares (``cat_max_ratio``).

    Args:
        crop_size: Height and width (PaddleSeg's option is width, height).
        img_pad_value: Fills all channels; truncated for integer images.
        seg_pad_value: Fills label maps.

    Raises:
        SettingError: If ``crop_size`` is not two positive integers.
    """

    def __init__(
        self, crop_size: tuple[int, int] = (512, 512), img_pad_value: float = 127.5, seg_pad_value: int = 255
    ) -> None:
        if len(crop_size) != 2 or min(crop_size) < 1 or any(int(side) != side for side in crop_size):
            raise SettingError(f'crop_size {crop_size}: expected a positive height and width')
        self.crop_size = (int(crop_size[0]), int(crop_size[1]))
        self.img_pad_value = img_pad_value
        self.seg_pad_value = seg_pad_value

    @cache_randomness
    def draw(self, results: dict) -> tuple[int, int]:
        """Top and left of the crop."""
        return self.draw_offset(*results['img'].shape[:2])

    def draw_offset(self, height: int, width: int) -> tuple[int, int]:
        """Top and left of the crop in an image of this size. Exactly ``crop_size`` draws nothing."""
        if (height, width) == self.crop_size:
            return 0, 0
        top = np.random.randint(0, max(height - self.crop_size[0], 0) + 1)
        left = np.random.randint(0, max(width - self.crop_size[1], 0) + 1)
        return int(top), int(left)

    def apply(self, results: dict, params: tuple[int, int]) -> dict:
        """Crops at (top, left) of the padded image."""
        top, left = params
        window = (slice(top, top + self.crop_size[0]), slice(left, left + self.crop_size[1]))
        results['img'] = self.pad(results['img'][window], self.img_pad_value)
        for key in results.get('seg_fields', []):
            results[key] = self.pad(results[key][window], self.seg_pad_value)
        results['img_shape'] = self.crop_size
        return results

    def pad(self, part: np.ndarray, fill: float) -> np.ndarray:
        """Fills ``part`` up to ``crop_size`` at the bottom and the right."""
        if part.shape[:2] == self.crop_size:
            return part
        height, width = self.crop_size
        padded = np.full((height, width, *part.shape[2:]), fill, dtype=part.dtype)
        padded[: part.shape[0], : part.shape[1]] = part
        return padded

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(crop_size={self.crop_size}, img_pad_value={self.img_pad_value}, '
            f'seg_pad_value={self.seg_pad_value})'
        )


@TRANSFORMS.register_module()
class RandomHorizontalFlip(RandomTransform):
    """Mirrors image and labels left to right. mmseg's RandomFlip does the same from other random numbers.

    Args:
        prob: Probability of the flip.

    Raises:
        SettingError: If ``prob`` is not between 0 and 1.
    """

    def __init__(self, prob: float = 0.5) -> None:
        if not 0 <= prob <= 1:
            raise SettingError(f'prob {prob}: expected a probability between 0 and 1')
        self.prob = prob

    @cache_randomness
    def draw(self, results: dict) -> bool:
        """Whether to flip."""
        return random.random() < self.prob

    def apply(self, results: dict, params: bool) -> dict:
        """Flips if ``params`` is true."""
        results['flip'] = params
        results['flip_direction'] = 'horizontal' if params else None
        if params:
            for key in ('img', *results.get('seg_fields', [])):
                results[key] = cv2.flip(results[key], 1)  # a view would be slow in all that follows
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(prob={self.prob})'
