"""Windows of pictures: the likest of many by a few numbers each, and how well the detail of one is found in another."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from .facts import THUMBNAIL

_SIDES = (1.0, 0.95, 0.88, 0.81, 0.74, 0.67)  # of the window's longer side: areas from 0.45 on
_STEP = 0.07  # between windows: of crops of 367 frames of CamVid, 98% are then most like the frame they are of
_FREQUENCIES = 6
_BLUR = 4  # coarser than this, in pixels, all streets look alike
_PART = 0.98  # more is a copy of the whole
_LEAST = 16 * _BLUR  # pixels of a side: in less detail than that, anything is found by chance
_ZOOM = np.linspace(0.94, 1.06, 9)
_FINER = np.linspace(-0.01, 0.01, 5)


class Window(NamedTuple):
    """Part of an image, as shares of its height and width."""

    top: float
    left: float
    height: float
    width: float


WHOLE = Window(0.0, 0.0, 1.0, 1.0)


def windows(ratio: float) -> list[Window]:
    """Windows, a step apart, of all sizes looked for.

    Args:
        ratio: Of the part's width to height to that of the whole.

    Example:
        >>> len(windows(1.0)), windows(1.0)[0]
        (90, Window(top=0.0, left=0.0, height=0.95, width=0.95))
    """
    found = []
    for side in _SIDES:
        height, width = (side / ratio, side) if ratio > 1 else (side, side * ratio)
        if min(height, width) >= _SIDES[-1] / 2 and (height < 1 or width < 1):
            found += [Window(top, left, height, width) for top in _places(height) for left in _places(width)]
    return found


def _places(side: float) -> list[float]:
    return np.linspace(0.0, 1 - side, round((1 - side) / _STEP) + 1).tolist()


def describe(thumbs: np.ndarray, window: Window = WHOLE) -> np.ndarray:
    """Low frequencies of a window of thumbnails, of length 1 each: their products are correlations.

    Args:
        thumbs: (N, h, w), float32.
        window: Which part.

    Returns:
        (N, F), float32, blind to brightness and contrast.
    """
    rows, columns = _cosines(window.top, window.height), _cosines(window.left, window.width)
    order = np.arange(_FREQUENCIES)
    weights = np.sqrt(1 + order[:, None] ** 2 + order**2).astype(np.float32)  # pictures hold less the finer it is
    found = ((rows @ thumbs @ columns.T) * weights).reshape(len(thumbs), -1)[:, 1:]
    return found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 0.1)


def _cosines(start: float, side: float) -> np.ndarray:
    """(F, THUMBNAIL): the discrete cosine transform of a part of a row."""
    edges = np.arange(THUMBNAIL + 1) / THUMBNAIL
    low, high = np.maximum(edges[:-1], start), np.minimum(edges[1:], start + side)
    inside = np.maximum(high - low, 0)
    places = ((low + high) / 2 - start) / side
    return (np.cos(np.pi * np.arange(_FREQUENCIES)[:, None] * places) * inside / inside.sum()).astype(np.float32)


def find_window(small: np.ndarray, large: np.ndarray, window: Window) -> float:
    """How well the detail of one picture is found in another: the correlation at the best place, 1 for a plain crop.

    Args:
        small: (h, w), the part.
        large: (H, W), the whole.
        window: About as large a part of it as ``small`` is.

    Example:
        >>> noise = np.random.default_rng(0).integers(0, 256, (120, 160)).astype(np.uint8)
        >>> find_window(noise[10:106, 20:148], noise, Window(0.1, 0.1, 0.8, 0.8)) > 0.99
        True
    """
    inside = _detail(large)

    def at(zoom: float) -> float:
        height, width = (round(zoom * share * side) for share, side in zip(window[2:], large.shape))
        shares = height / large.shape[0], width / large.shape[1]
        if max(shares) > 1 or min(shares) > _PART or min(height, width) < _LEAST:
            return -1.0
        template = _detail(cv2.resize(small, (width, height), interpolation=cv2.INTER_AREA))
        return float(np.nan_to_num(cv2.matchTemplate(inside, template, cv2.TM_CCOEFF_NORMED), nan=-1.0).max())

    about = max(_ZOOM, key=at)
    return max(at(about + change) for change in _FINER)


def _detail(picture: np.ndarray) -> np.ndarray:
    picture = picture.astype(np.float32)
    return picture - cv2.GaussianBlur(picture, (0, 0), _BLUR)
