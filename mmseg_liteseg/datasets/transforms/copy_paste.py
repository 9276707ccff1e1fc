"""Objects of rare classes from other images: a set of few images shows each of them before few backgrounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Sequence

import cv2
import numpy as np
from mmcv.transforms.utils import cache_randomness

from mmseg_liteseg.errors import SettingError
from mmseg_liteseg.registry import TRANSFORMS

from .base import RandomTransform
from .checks import check_sizes


@dataclass(frozen=True)
class Paste:
    """One object and where it goes.

    Attributes:
        source: Number of the image among ``mix_results``.
        region: Number of the connected region there, from 1 on.
        scale: Of its height and width.
        flip: Whether it is mirrored.
        left: Of the free columns to both sides together, the share left of it.
        shift: By which share of the image's height it is moved down.
    """

    source: int
    region: int
    scale: float
    flip: bool
    left: float
    shift: float


@TRANSFORMS.register_module()
class CopyPaste(RandomTransform):
    """Pastes connected regions of some classes, taken from other images of the set, with their labels.

    After Simple Copy-Paste (https://arxiv.org/abs/2012.07177), for classes in place of instances: regions in which
    pixels of these classes touch each other, so that a sign comes with its pole. They keep about their height in the
    image, as things on a street do, and come to any column. Works on images as loaded, before scaling and cropping, in
    mmseg's wrapper for transforms of several images::

        train_dataloader = dict(dataset=dict(
            type='MultiImageMixDataset',
            dataset=dict(type='mmseg_liteseg.CamVidDataset', ..., pipeline=[
                dict(type='LoadImageFromFile'), dict(type='mmseg_liteseg.LoadAnnotations')]),
            pipeline=[dict(type='mmseg_liteseg.CopyPaste', classes=(2, 6)), ..., dict(type='PackSegInputs')]))

    Args:
        classes: Their indices.
        prob: Of an image to get any; the others are not touched.
        images: How many others objects are taken from.
        max_objects: At most so many objects an image.
        scale: Smallest and largest factor of an object's size.
        max_shift: By how much of the image's height an object moves up or down, at most.
        min_pixels: Smaller regions stay out.
        blend: Mixes the outermost pixels with what they cover. Hard edges would be learned as the mark of what is
            pasted (Cut, Paste and Learn, https://arxiv.org/abs/1708.01642), and labels often hold a rim of background.

    Raises:
        SettingError: A setting is out of its range; (in transform) it stands outside of such a wrapper, or before masks
            are loaded.
        ImageFileError: (in transform) A mask has not the size of its image.

    Example:
        >>> import numpy as np
        >>> pole = np.zeros((8, 8), np.uint8)
        >>> pole[2:6, 3] = 1
        >>> one = dict(img=np.full((8, 8, 3), 9, np.uint8), gt_seg_map=pole, seg_fields=['gt_seg_map'])
        >>> other = dict(img=np.zeros((8, 8, 3), np.uint8), gt_seg_map=pole * 0, seg_fields=['gt_seg_map'])
        >>> paste = CopyPaste(classes=[1], prob=1, scale=(1, 1), max_shift=0, min_pixels=1, blend=False)
        >>> after = paste(dict(other, mix_results=[one]))
        >>> int(after['gt_seg_map'].sum()), int(after['img'].max())
        (4, 9)
    """

    def __init__(
        self,
        classes: Sequence[int],
        prob: float = 0.5,
        images: int = 1,
        max_objects: int = 3,
        scale: tuple[float, float] = (0.7, 1.4),
        max_shift: float = 0.1,
        min_pixels: int = 16,
        blend: bool = True,
    ) -> None:
        listed = isinstance(classes, (list, tuple)) and len(classes) > 0
        if not listed or not all(_is_whole(label) and label >= 0 for label in classes):
            raise SettingError(f'CopyPaste.classes: expected indices of classes, 0 or larger, got {classes!r}')
        if not 0 <= prob <= 1 or not 0 <= max_shift <= 1:
            raise SettingError(f'CopyPaste: expected prob and max_shift from 0 to 1, got {prob!r} and {max_shift!r}')
        if len(scale) != 2 or not 0 < scale[0] <= scale[1]:
            raise SettingError(f'CopyPaste.scale: expected two factors, 0 < smallest <= largest, got {scale!r}')
        if not all(_is_whole(number) and number >= 1 for number in (images, max_objects, min_pixels)):
            raise SettingError(
                'CopyPaste: expected whole numbers from 1 on for images, max_objects and min_pixels, '
                f'got {images!r}, {max_objects!r}, {min_pixels!r}'
            )
        self.classes, self.prob, self.images, self.max_objects = tuple(classes), prob, images, max_objects
        self.scale, self.max_shift, self.min_pixels, self.blend = tuple(scale), max_shift, min_pixels, blend

    @cache_randomness
    def get_indices(self, dataset: Any) -> list[int]:
        """Which other samples ``mix_results`` holds: none for an image that is left as it is."""
        if np.random.rand() >= self.prob:
            return []
        return np.random.randint(0, len(dataset), self.images).tolist()

    @cache_randomness
    def draw(self, results: dict) -> list[Paste]:
        """Objects, in the order of pasting."""
        found = [(i, region) for i, other in enumerate(_others(results)) for region in self._find(other)]
        count = min(np.random.randint(1, self.max_objects + 1), len(found)) if found else 0
        chosen = np.random.permutation(len(found))[:count]
        return [
            Paste(
                *found[number],
                scale=np.random.uniform(*self.scale),
                flip=bool(np.random.rand() < 0.5),
                left=np.random.rand(),
                shift=np.random.uniform(-self.max_shift, self.max_shift),
            )
            for number in chosen
        ]

    def apply(self, results: dict, params: list[Paste]) -> dict:
        """Pastes these objects; image and label maps are copied first."""
        check_sizes(results)
        others = _others(results)
        if params:
            for key in ('img', *results['seg_fields']):
                results[key] = results[key].copy()
        regions = {source: self._regions(others[source]) for source in {paste.source for paste in params}}
        for paste in params:
            self._paste(results, others[paste.source], regions[paste.source], paste)
        return results

    def _regions(self, sample: dict) -> tuple[np.ndarray, np.ndarray]:
        """A map (H, W) of the regions' numbers, and for each (left, top, width, height, pixels)."""
        mask = np.isin(sample['gt_seg_map'], self.classes).astype(np.uint8)
        _, numbers, boxes, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
        return numbers, boxes

    def _find(self, sample: dict) -> list[int]:
        """Numbers of the regions that are large enough."""
        _, boxes = self._regions(sample)
        return [i for i in range(1, len(boxes)) if boxes[i, cv2.CC_STAT_AREA] >= self.min_pixels]

    def _paste(self, results: dict, other: dict, regions: tuple[np.ndarray, np.ndarray], paste: Paste) -> None:
        """Writes one object into image and labels, where it is inside of the image."""
        numbers, boxes = regions
        left, top, width, height = boxes[paste.region, : cv2.CC_STAT_AREA]
        window = (slice(top, top + height), slice(left, left + width))
        size = (max(round(width * paste.scale), 1), max(round(height * paste.scale), 1))
        mask = (numbers[window] == paste.region).astype(np.uint8)
        mask = self._shaped(mask, size, paste.flip, cv2.INTER_NEAREST_EXACT)
        # the foot keeps its place, as things stand on the ground
        rows, columns = results['img'].shape[:2]
        bottom = round((top + height) / other['img'].shape[0] * rows + paste.shift * rows)
        first = (bottom - size[1], round(paste.left * (columns - size[0])))
        target, inside = _overlap(first, mask.shape, (rows, columns))
        chosen = mask[inside].astype(bool)
        image = self._shaped(other['img'][window], size, paste.flip, cv2.INTER_LINEAR)
        part, painted = results['img'][target], image[inside][chosen]
        if self.blend:
            # the window's border counts as outside: a region ends there
            share = cv2.GaussianBlur(mask.astype(np.float32), (3, 3), 0, borderType=cv2.BORDER_CONSTANT)[inside][chosen]
            share = share.reshape(-1, *[1] * (painted.ndim - 1))
            mixed = share * painted + (1 - share) * part[chosen]
            painted = mixed if part.dtype.kind == 'f' else np.rint(mixed)
        part[chosen] = painted
        for key in results['seg_fields']:
            label = self._shaped(other[key][window], size, paste.flip, cv2.INTER_NEAREST_EXACT)
            results[key][target][chosen] = label[inside][chosen]

    @staticmethod
    def _shaped(part: np.ndarray, size: tuple[int, int], flip: bool, interpolation: int) -> np.ndarray:
        part = cv2.resize(np.ascontiguousarray(part), size, interpolation=interpolation)
        return part[:, ::-1] if flip else part

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(classes={self.classes}, prob={self.prob}, images={self.images}, '
            f'max_objects={self.max_objects}, scale={self.scale}, max_shift={self.max_shift}, '
            f'min_pixels={self.min_pixels}, blend={self.blend})'
        )


def _is_whole(value: Any) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def _others(results: dict) -> list[dict]:
    """The other images; without this check a pipeline that lacks them would paste nothing and say nothing."""
    if 'mix_results' not in results:
        raise SettingError(
            'CopyPaste: the sample has no mix_results; put it into the pipeline of MultiImageMixDataset, '
            'and the transforms that load images and masks into that of the data set inside'
        )
    for sample in results['mix_results']:
        if 'gt_seg_map' not in sample:
            raise SettingError(
                'CopyPaste: an image of mix_results has no gt_seg_map; put LoadAnnotations into the pipeline of the '
                'data set inside of MultiImageMixDataset'
            )
        check_sizes(sample)
    return results['mix_results']


def _overlap(first: tuple[int, int], size: Sequence[int], whole: tuple[int, int]) -> tuple[tuple, tuple]:
    """The part of a rectangle that lies within the image: slices of the image, and of the rectangle."""
    starts = [max(position, 0) for position in first]
    stops = [min(max(position + side, 0), limit) for position, side, limit in zip(first, size, whole)]
    target = tuple(slice(start, max(stop, start)) for start, stop in zip(starts, stops))
    inside = tuple(slice(part.start - position, part.stop - position) for part, position in zip(target, first))
    return target, inside
