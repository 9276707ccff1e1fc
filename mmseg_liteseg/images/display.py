"""Pixels of any depth and number of channels as a picture to look at."""

from __future__ import annotations

import cv2
import numpy as np

# Shares of the values that become black and white: a few hot or dead pixels must not set the range.
_LOW, _HIGH = 1, 99
_MAX_SAMPLES = 1 << 20


def to_picture(image: np.ndarray) -> np.ndarray:
    """Makes a picture of any image.

    Args:
        image: (H, W) or (H, W, C), any type of numbers. Of more than three channels the first three are shown, of two
            the first.

    Returns:
        (H, W, 3), uint8, in the given order of channels; 8 bits as they are, everything else stretched to 0 to 255
        between its 1st and 99th percentile, the same for all channels.

    Example:
        >>> to_picture(np.array([[0, 1000, 4095]], np.uint16))[0, :, 0].tolist()
        [0, 62, 255]
    """
    image = image[..., None] if image.ndim == 2 else image
    image = image[..., : 3 if image.shape[2] >= 3 else 1]
    if image.dtype != np.uint8:
        image = _stretch(image)
    return np.ascontiguousarray(image) if image.shape[2] == 3 else cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)


def _stretch(image: np.ndarray) -> np.ndarray:
    values = image.astype(np.float32)
    finite = values[np.isfinite(values)]
    if not finite.size:
        return np.zeros(values.shape, np.uint8)
    low, high = np.percentile(finite[:: finite.size // _MAX_SAMPLES + 1], (_LOW, _HIGH))
    scaled = (values - low) * (255 / max(high - low, 1e-12))
    return np.nan_to_num(scaled, nan=0, posinf=255, neginf=0).clip(0, 255).astype(np.uint8)
