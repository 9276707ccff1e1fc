"""Masks that lie otherwise than their images: sizes cannot tell it of squares, of half turns and of mirrors."""

from __future__ import annotations

from collections import Counter
from typing import Iterator

import cv2
import numpy as np

from mmseg_liteseg.images.orientation import turn

from .facts import UnreadableFileError
from .files import read_grey, read_labels
from .finding import Finding
from .scan import PartScan, SampleFacts

_LOOKED_AT = 60  # pairs, spread over the data set: a second
_SIDE = 128
_BLUR = 1.0  # borders are drawn a pixel or two beside the edges
_AROUND = 8.0  # edges count by what is around them, so that one bright lamp does not outweigh the picture
# Correlations of edges and borders as they lie are 0.32 on CamVid, 0.24 on the ISBI 2012 membranes, in all other ways
# 0.11 and 0.03 at most; of 61 files none is better by 0.1 in another way.
_BETTER, _LEAST = 0.1, 0.12
_FEWEST, _SHARE = 4, 0.15
_WAYS = {
    2: 'mirrored left to right',
    3: 'turned by half',
    4: 'mirrored upside down',
    5: 'transposed',
    6: 'turned by a quarter, clockwise',
    7: 'transposed and turned by half',
    8: 'turned by a quarter, anticlockwise',
}
_WHERE = 10


def check_turned(scan: PartScan) -> Iterator[Finding]:
    """Compares the edges of images with the borders of masks, as they lie and in the seven other ways."""
    facts = [one for one in scan.facts if _can_be_told(one)]
    looked_at = facts[:: max(len(facts) // _LOOKED_AT, 1)][:_LOOKED_AT]
    better = {path: way for path, way in ((one.sample.mask, _way(scan, one)) for one in looked_at) if way}
    if len(better) < max(_FEWEST, _SHARE * len(looked_at)):
        return
    way, count = Counter(better.values()).most_common(1)[0]
    if count > len(better) / 2:
        yield Finding(
            'warning',
            'mask-turned',
            f'{scan.part.split}: {count} of {len(looked_at)} masks looked at fit their images better {_WAYS[way]}',
            tuple(path for path, found in better.items() if found == way)[:_WHERE],
            'borders of the masks do not lie on edges of the images, so that noise is learned',
            f'look at pictures.png; if it is so, write these masks anew, {_WAYS[way]}',
            count,
            scan.part.split,
        )


def _can_be_told(facts: SampleFacts) -> bool:
    image, mask = facts.image, facts.mask
    return image is not None and mask is not None and len(mask.counts) > 1 and mask.upright_size == image.upright_size


def _way(scan: PartScan, facts: SampleFacts) -> int:
    """Of the eight the one in which the mask fits clearly better than as it lies, as EXIF counts them; 0 if none."""
    try:
        grey = read_grey(facts.sample.image, scan.part.backend_args, _SIDE)
        labels = read_labels(facts.sample.mask, scan.part.backend_args)
    except UnreadableFileError:  # gone since it was read
        return 0
    likeness = fit_by_way(turn(grey, facts.image.orientation), labels)
    best = max(likeness, key=likeness.get)
    return best if likeness[best] >= max(likeness[1] + _BETTER, _LEAST) else 0


def fit_by_way(grey: np.ndarray, labels: np.ndarray) -> dict[int, float]:
    """How well a mask's borders lie on an image's edges, for each way to lay it that keeps the size.

    Args:
        grey: (h, w), uint8, the image, reduced.
        labels: (H, W), of the same shape in another size.

    Returns:
        Correlations, by the numbers that EXIF gives to the eight orientations; 1 is as it lies.

    Example:
        >>> labels = np.zeros((64, 64), np.uint8)
        >>> labels[4:20, 8:60] = 1
        >>> found = fit_by_way(np.rot90(labels) * 100, labels)
        >>> max(found, key=found.get), len(found)
        (8, 8)
    """
    edges, borders = _edges(grey), _borders(labels, grey.shape)
    ways = {way: np.ascontiguousarray(turn(borders, way)) for way in (1, *_WAYS)}
    return {way: _correlation(edges, turned) for way, turned in ways.items() if turned.shape == edges.shape}


def _edges(grey: np.ndarray) -> np.ndarray:
    smooth = cv2.GaussianBlur(grey.astype(np.float32), (0, 0), _BLUR)
    edges = np.hypot(cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1))
    return edges / (cv2.GaussianBlur(edges, (0, 0), _AROUND) + 0.2 * edges.mean() + 1e-3)


def _borders(labels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    small = cv2.resize(labels, size[::-1], interpolation=cv2.INTER_NEAREST)
    # a border lies between two pixels: both count
    borders = cv2.morphologyEx(small, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
    return cv2.GaussianBlur(borders.astype(np.float32), (0, 0), _BLUR)


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    one, other = one - one.mean(), other - other.mean()
    norm = float(np.sqrt((one * one).sum() * (other * other).sum()))
    return float((one * other).sum()) / norm if norm > 0 else 0.0
