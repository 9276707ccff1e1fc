"""From a picture's size to the network's and back, as mmseg's test pipeline and post-processing do it."""

from __future__ import annotations

from typing import Any, Iterable, Mapping, Tuple

import cv2
import numpy as np

from mmseg_liteseg.deploy.metadata import Interface

from .label_map import label_map

Size = Tuple[int, int]
"""Height and width."""


def network_size(size: Size, interface: Interface, resize: Mapping[str, Any] | None) -> Size:
    """The size at which a picture goes into the network.

    Args:
        size: (H, W) of the picture.
        interface: Of the artefact; its own size, if it has one, decides.
        resize: ``Metadata.resize``: what the config's test pipeline does.

    Returns:
        (H, W).
    """
    if interface.size:
        return interface.size
    if not resize:
        return size
    height, width = size
    if 'scale_factor' in resize:
        factors = _pair(resize['scale_factor'])
    else:
        scale = _pair(resize['scale'])
        if not resize.get('keep_ratio'):
            return int(scale[1]), int(scale[0])
        factors = _pair(min(max(scale) / max(size), min(scale) / min(size)))
    # rounded as mmcv rounds; it would fail where nothing is left
    return max(int(height * factors[1] + 0.5), 1), max(int(width * factors[0] + 0.5), 1)


def resize_picture(picture: np.ndarray, size: Size, as_float: bool) -> np.ndarray:
    """Bilinear, as mmcv does it: (h, w, C) uint8 -> (H, W, C), uint8, or float32 with its fractions."""
    if picture.shape[:2] == tuple(size):
        return picture
    source = picture.astype(np.float32) if as_float else picture
    resized = cv2.resize(source, tuple(size)[::-1], interpolation=cv2.INTER_LINEAR)
    return resized.reshape(*size, picture.shape[2])  # OpenCV drops a single channel


def to_mask(output: np.ndarray, interface: Interface, sizes: Iterable[Size], dtype: type) -> np.ndarray:
    """One image's output -> labels of the picture.

    Args:
        output: (H, W) labels, or (C, h, w) logits.
        interface: Says which.
        sizes: The network's input size and the picture's. mmseg resizes logits to one, then the other.
        dtype: Of the labels.

    Returns:
        (H, W) at the last of ``sizes``.
    """
    sizes = list(sizes)
    if interface.output == 'labels':
        return resize_labels(output.astype(dtype, copy=False), sizes[-1])
    if interface.threshold is not None:
        logit = _resize_logits(output[0], sizes, interface.align_corners)
        return (1 / (1 + np.exp(-logit)) > interface.threshold).astype(dtype)
    return label_map(output, sizes, interface.align_corners, dtype)


def resize_labels(labels: np.ndarray, size: Size) -> np.ndarray:
    """(h, w) -> (H, W): each pixel takes the label under its centre."""
    for axis, target in enumerate(size):
        if labels.shape[axis] != target:
            labels = np.take(labels, (2 * np.arange(target) + 1) * labels.shape[axis] // (2 * target), axis)
    return labels


def resize_bilinear(channel: np.ndarray, size: Size, align_corners: bool) -> np.ndarray:
    """(h, w) -> (H, W), float32, as torch's ``F.interpolate``."""
    if channel.shape == tuple(size):
        return channel
    if not align_corners:
        return cv2.resize(channel, tuple(size)[::-1], interpolation=cv2.INTER_LINEAR)
    for axis, target in enumerate(size):  # OpenCV has no such resize
        position = np.linspace(0, channel.shape[axis] - 1, target, dtype=np.float32)
        left = np.minimum(position.astype(int), max(channel.shape[axis] - 2, 0))
        right = np.minimum(left + 1, channel.shape[axis] - 1)
        weight = np.expand_dims(position - left.astype(np.float32), 1 - axis)
        channel = np.take(channel, left, axis) * (1 - weight) + np.take(channel, right, axis) * weight
    return channel


def _resize_logits(channel: np.ndarray, sizes: Iterable[Size], align_corners: bool) -> np.ndarray:
    channel = np.ascontiguousarray(channel, np.float32)
    for size in sizes:
        channel = resize_bilinear(channel, size, align_corners)
    return channel


def _pair(value: Any) -> tuple:
    """A number for both sides, or (for the width, for the height)."""
    return tuple(value) if isinstance(value, (list, tuple)) else (value, value)
