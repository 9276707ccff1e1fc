"""EXIF's orientation, applied."""

from __future__ import annotations

import numpy as np


def turn(image: np.ndarray, orientation: int) -> np.ndarray:
    """Turns and mirrors (H, W[, C]) as EXIF's orientation, 1 to 8, says.

    >>> turn(np.array([[1, 2]]), 6).tolist()
    [[1], [2]]
    """
    if orientation >= 5:
        image = image.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        image = image[::-1]
    if orientation in (2, 3, 6, 7):
        image = image[:, ::-1]
    return np.ascontiguousarray(image)
