"""PaddleSeg's ResizeStepScaling and RandomPaddingCrop in one step, faster and with the same values."""

from __future__ import annotations

import math
from typing import Callable

import cv2
import numpy as np
from mmcv.transforms.utils import cache_randomness

from mmseg_liteseg.registry import TRANSFORMS

from .base import RandomTransform
from .checks import check_sizes
from .geometric import RandomPaddingCrop, ResizeStepScaling

Slices = tuple
_MARGIN = 2  # source pixels around a window, so that interpolation sees no edge that is not there


@TRANSFORMS.register_module()
class RandomScaleCrop(RandomTransform):
    """:class:`ResizeStepScaling`, then :class:`RandomPaddingCrop`, without the work that the crop throws away.

    - Scale 1 crops, and nothing else.
    - Scales that are powers of two, of uint8 images, are interpolated within the crop alone. Weights are then multiples
      of 1/16, so float32 is exact and cannot tell where the window lies. At other scales OpenCV's last bit depends on
      the position in its vector loops: there the whole image is scaled, as in PaddleSeg.
    - Large float images live in memory that is used again, which saves the page faults of fresh memory.

    Takes uint8 or float32 images (no need for ``to_float32``), gives float32.

    Args:
        crop_size: Height and width.
        min_scale_factor: Smallest factor.
        max_scale_factor: Largest factor.
        scale_step_size: Distance between factors; 0 draws any factor in between.
        img_pad_value: Fills all channels.
        seg_pad_value: Fills label maps.
        exact_labels: Takes each label from the nearest pixel. PaddleSeg's way (OpenCV's INTER_NEAREST) rounds down,
            which moves labels against the image, to the right and down, by up to half a pixel of the loaded image (0.3
            at a factor of 1.25, 0.5 at 0.75): much for objects that are two pixels wide.

    Raises:
        SettingError: As the two transforms do.
        ImageFileError: (in transform) A mask has not the size of its image.
    """

    def __init__(
        self,
        crop_size: tuple[int, int] = (512, 512),
        min_scale_factor: float = 0.75,
        max_scale_factor: float = 1.25,
        scale_step_size: float = 0.25,
        img_pad_value: float = 127.5,
        seg_pad_value: int = 255,
        exact_labels: bool = False,
    ) -> None:
        self.scaling = ResizeStepScaling(min_scale_factor, max_scale_factor, scale_step_size)
        self.crop = RandomPaddingCrop(crop_size, img_pad_value, seg_pad_value)
        self.exact_labels = exact_labels
        self._buffers: dict[str, np.ndarray] = {}

    @cache_randomness
    def draw(self, results: dict) -> tuple[float, int, int]:
        """The factor, and top and left of the crop in the scaled image."""
        factor = self.scaling.draw(results)
        return (factor, *self.crop.draw_offset(*self.scaling.scaled_size(results, factor)))

    def apply(self, results: dict, params: tuple[float, int, int]) -> dict:
        """Scales by the factor and crops at (top, left)."""
        check_sizes(results)
        factor, top, left = params
        image = results['img']
        size = self.scaling.scaled_size(results, factor)
        height, width = self.crop.crop_size
        window = (slice(top, min(top + height, size[0])), slice(left, min(left + width, size[1])))
        part = self._scale_image(image, size, window)
        results['img'] = self.crop.pad(part, self.crop.img_pad_value)
        for key in results.get('seg_fields', []):
            part = _scale_label(results[key], size, window, self.exact_labels)
            results[key] = self.crop.pad(part, self.crop.seg_pad_value)
        results['scale'] = size[::-1]
        results['scale_factor'] = (size[1] / image.shape[1], size[0] / image.shape[0])
        results['img_shape'] = self.crop.crop_size
        return results

    def _scale_image(self, image: np.ndarray, size: tuple[int, int], window: Slices) -> np.ndarray:
        """The window (in the scaled image) as float32, in memory of its own."""
        if image.shape[:2] == size:
            return image[window].astype(np.float32)
        if image.dtype == np.uint8 and _all_dyadic(image, size):
            return _scale_window(image, size, window, cv2.INTER_LINEAR, self._as_float)
        target = self._buffer('target', (*size, *image.shape[2:]))
        # a copy of the window: the buffer is written anew for the next image
        return cv2.resize(self._as_float(image), size[::-1], dst=target, interpolation=cv2.INTER_LINEAR)[window].copy()

    def _as_float(self, image: np.ndarray) -> np.ndarray:
        if image.dtype == np.float32:
            return image
        source = self._buffer('source', image.shape)
        np.copyto(source, image)
        return source

    def _buffer(self, name: str, shape: tuple[int, ...]) -> np.ndarray:
        """Uninitialised float32 memory of this process, kept at the largest size asked for."""
        count = math.prod(shape)
        if name not in self._buffers or self._buffers[name].size < count:
            self._buffers[name] = np.empty(count, np.float32)
        return self._buffers[name][:count].reshape(shape)

    def __repr__(self) -> str:
        return f'{type(self).__name__}({self.scaling}, {self.crop}, exact_labels={self.exact_labels})'


def _all_dyadic(array: np.ndarray, size: tuple[int, int]) -> bool:
    """Whether both axes are scaled by a power of two."""
    ratios = (max(before, after) / min(before, after) for before, after in zip(array.shape, size))
    return all(math.frexp(ratio)[0] == 0.5 for ratio in ratios)


def _scale_label(label: np.ndarray, size: tuple[int, int], window: Slices, exact: bool) -> np.ndarray:
    """The window (in the scaled label map)."""
    if label.shape[:2] == size:
        return label[window]
    if exact:
        return cv2.resize(label, size[::-1], interpolation=cv2.INTER_NEAREST_EXACT)[window]
    if _all_dyadic(label, size):
        return _scale_window(label, size, window, cv2.INTER_NEAREST)
    return cv2.resize(label, size[::-1], interpolation=cv2.INTER_NEAREST)[window]


def _scale_window(
    array: np.ndarray,
    size: tuple[int, int],
    window: Slices,
    interpolation: int,
    convert: Callable[[np.ndarray], np.ndarray] = np.asarray,
) -> np.ndarray:
    """What scaling ``array`` to ``size`` gives in the window, from the part of it that matters. Powers of two only."""
    sources, targets = zip(*(_axis_window(n, m, part) for n, m, part in zip(array.shape, size, window)))
    fy, fx = (m / n for n, m in zip(array.shape, size))
    return cv2.resize(convert(array[sources]), None, fx=fx, fy=fy, interpolation=interpolation)[targets]


def _axis_window(before: int, after: int, window: slice) -> tuple[slice, slice]:
    """Source range that ``window`` (in the scaled axis) is interpolated from, and the window in its scaled version.

    Both ends lie on whole pixels of either resolution, or at the end of the axis.
    """
    if after >= before:
        ratio = after // before
        start = max(window.start // ratio - _MARGIN, 0)
        stop = min(-(-window.stop // ratio) + _MARGIN, before)
        origin = start * ratio
    else:
        ratio = before // after
        origin = max(window.start - _MARGIN, 0)
        start, stop = origin * ratio, min(window.stop + _MARGIN, after) * ratio
    return slice(start, stop), slice(window.start - origin, window.stop - origin)
