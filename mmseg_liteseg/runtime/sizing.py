"""From a picture's size to the network's and back, as mmseg's test pipeline and post-processing do it."""

from __future__ import annotations

from typing import Iterable, Sequence

import cv2
import numpy as np

from mmseg_liteseg.deploy.metadata import Interface
from mmseg_liteseg.deploy.steps import Size, Step, resize, size_after, take_steps

from .label_map import label_map


def network_size(size: Size, interface: Interface, steps: Sequence[Step]) -> Size:
    """The size (H, W) at which a picture goes into the network.

    Args:
        size: (H, W) of the picture.
        interface: Of the artefact; its own size, if it has one, decides.
        steps: ``Metadata.steps``: what the config's test pipeline does.
    """
    return interface.size or size_after(size, steps)


def prepare_picture(picture: np.ndarray, size: Size, interface: Interface, steps: Sequence[Step]) -> np.ndarray:
    """(h, w, C) -> (H, W, C') for the network, by the config's own steps where they end at its size.

    A model of another size gets the picture resized to it, bilinearly, after the steps that change no size.
    """
    if interface.dtype == 'uint8':  # the pre-processing is inside, and takes whole numbers
        steps = [step for step in steps if step['type'] != 'ToFloat32']
    # the config's resize leads elsewhere: once is enough, and the network's size decides
    if size_after(picture.shape[:2], steps) != tuple(size):
        steps = [step for step in steps if step['type'] in ('ToFloat32', 'RGB2Gray')]
    if interface.color == 'gray' and picture.shape[2] == 3 and all(step['type'] != 'RGB2Gray' for step in steps):
        picture = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)[..., None]
    return resize(take_steps(picture, steps), size)


def to_mask(output: np.ndarray, interface: Interface, sizes: Iterable[Size], dtype: type) -> np.ndarray:
    """One image's output -> labels of the picture.

    Args:
        output: (H, W) labels, (C, H, W) masks, or (C, h, w) logits.
        interface: Says which.
        sizes: The network's input size and the picture's. mmseg resizes logits to one, then the other.
        dtype: Of the labels.

    Returns:
        (H, W) at the last of ``sizes``; of a model with ``multi_label`` masks (C, H, W), 0 and 1.
    """
    sizes = list(sizes)
    if interface.multi_label:
        return np.stack([_to_band(channel, interface, sizes, dtype) for channel in output])
    if interface.output == 'labels':
        return resize_labels(output.astype(dtype, copy=False), sizes[-1])
    if interface.threshold is not None:
        return _to_band(output[0], interface, sizes, dtype)
    return label_map(output, sizes, interface.align_corners, dtype)


def _to_band(channel: np.ndarray, interface: Interface, sizes: list[Size], dtype: type) -> np.ndarray:
    """One class's labels or logits (h, w) -> its mask (H, W)."""
    if interface.output == 'labels':
        return resize_labels(channel.astype(dtype, copy=False), sizes[-1])
    logit = _resize_logits(channel, sizes, interface.align_corners)
    return (sigmoid(logit) > interface.threshold).astype(dtype)


def sigmoid(logits: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-x)), element by element.

    Example:
        >>> sigmoid(np.float32([-1000, 0, 1000])).tolist()
        [0.0, 0.5, 1.0]
    """
    with np.errstate(over='ignore'):  # below -88 exp is infinite in float32, and the quotient 0 as it should be
        return 1 / (1 + np.exp(-logits))


def resize_labels(labels: np.ndarray, size: Size) -> np.ndarray:
    """(h, w) -> (H, W): each pixel takes the label under its centre."""
    for axis, target in enumerate(size):
        if labels.shape[axis] != target:
            # whole numbers throughout: (i + 0.5) * h / H as a float may fall on the wrong side of a
            # border
            labels = np.take(labels, (2 * np.arange(target) + 1) * labels.shape[axis] // (2 * target), axis)
    return labels


def resize_bilinear(channel: np.ndarray, size: Size, align_corners: bool) -> np.ndarray:
    """(h, w) -> (H, W), float32, as torch's ``F.interpolate``."""
    if channel.shape == tuple(size):
        return channel
    if not align_corners:
        # half-pixel centres and clamped borders, as torch's with align_corners=False
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
