"""Pictures from files and callers, as OpenCV's uint8 BGR."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np

from mmseg_liteseg.deploy.errors import DeployError

ORDERS = ('bgr', 'rgb')
_TO_BGR = {
    ('bgr', 1): cv2.COLOR_GRAY2BGR,
    ('rgb', 1): cv2.COLOR_GRAY2BGR,
    ('rgb', 3): cv2.COLOR_RGB2BGR,
    ('bgr', 4): cv2.COLOR_BGRA2BGR,
    ('rgb', 4): cv2.COLOR_RGBA2BGR,
}


def read_image(path: str | Path) -> np.ndarray:
    """Reads a picture as mmseg does: (H, W, 3), uint8, BGR, turned as its EXIF says, without transparency.

    Raises:
        DeployError: there is no such file, or it is no picture.
    """
    path = Path(path)
    if not path.is_file():
        raise DeployError(f'image {path}: no such file')
    data = np.fromfile(path, np.uint8)  # OpenCV's own reading knows no names beyond ASCII on Windows
    try:
        image = cv2.imdecode(data, cv2.IMREAD_COLOR) if len(data) else None
    except cv2.error:  # absurd sizes in a broken header
        image = None
    if image is None:
        raise DeployError(f'image {path}: cannot be read as a picture')
    return image


def to_bgr(image: Any, order: str, name: str = 'image') -> np.ndarray:
    """Checks a caller's picture and brings it to BGR.

    Args:
        image: (H, W), (H, W, 1), (H, W, 3) or (H, W, 4), uint8. Grey is repeated, transparency dropped.
        order: Of its channels: 'bgr' or 'rgb'.
        name: For messages.

    Returns:
        (H, W, 3), uint8.

    Raises:
        DeployError: it is something else; the message says what.
    """
    if not isinstance(image, np.ndarray):
        raise DeployError(f'{name}: expected a numpy array, got {type(image).__name__} (read_image reads files)')
    if image.dtype != np.uint8:
        raise DeployError(f'{name}: expected uint8, 0 to 255, got {image.dtype}')
    channels = image.shape[2] if image.ndim == 3 else 1
    if image.ndim not in (2, 3) or channels not in (1, 3, 4):
        raise DeployError(f'{name}: expected the shape (H, W), (H, W, 1), (H, W, 3) or (H, W, 4), got {image.shape}')
    if image.size == 0:
        raise DeployError(f'{name}: it has no pixels, its shape is {image.shape}')
    code = _TO_BGR.get((order, channels))
    image = np.ascontiguousarray(image)
    return image if code is None else cv2.cvtColor(image, code)
