"""Pictures from files and callers, as the model was trained to see them."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from mmseg_liteseg import images
from mmseg_liteseg.deploy.errors import DeployError
from mmseg_liteseg.deploy.fields import brief
from mmseg_liteseg.images import ImageFileError

ORDERS = ('bgr', 'rgb')
_TO_BGR = {
    ('bgr', 1): cv2.COLOR_GRAY2BGR,
    ('rgb', 1): cv2.COLOR_GRAY2BGR,
    ('rgb', 3): cv2.COLOR_RGB2BGR,
    ('bgr', 4): cv2.COLOR_BGRA2BGR,
    ('rgb', 4): cv2.COLOR_RGBA2BGR,
}


def read_image(path: str | Path, color_type: str | int = 'color') -> np.ndarray:
    """Reads a picture as training and mmseg do: by default (H, W, 3), uint8, BGR, turned as its EXIF says.

    Args:
        path: Of the file.
        color_type: That of the config's LoadImageFromFile; ``Segmenter.read`` knows it from the model.

    Raises:
        DeployError: there is no such file, it is no picture, or does not hold what is asked for.
    """
    if not isinstance(path, (str, os.PathLike)):
        raise DeployError(f'image: expected a path, got {brief(path)}')
    try:
        return images.read_image(path, color_type)
    except ImageFileError as error:
        raise DeployError(str(error)) from None


def to_array(image: Any, order: str, name: str = 'image') -> np.ndarray:
    """A caller's picture as an array, whatever it came in.

    Args:
        image: An array, or a picture of Pillow, whose colours come out in ``order`` and which is turned as EXIF says.
        order: 'bgr' or 'rgb'.
        name: For messages.

    Raises:
        DeployError: it is something else.
    """
    # a picture of Pillow is one only where someone has imported it
    if 'PIL.Image' in sys.modules and isinstance(image, sys.modules['PIL.Image'].Image):
        from PIL import ImageOps

        image = ImageOps.exif_transpose(image)
        # convert('RGB') would cut 16 bits and floats to 8
        deep = image.mode.startswith(('I', 'F'))
        array = np.asarray(image if deep or image.mode == 'L' else image.convert('RGB'))
        return array if array.ndim == 2 or order == 'rgb' else array[..., ::-1]
    if image is None:
        raise DeployError(f'{name}: got None, as cv2.imread gives for a file that it cannot read; read_image says why')
    if not isinstance(image, np.ndarray):
        raise DeployError(f'{name}: expected a numpy array, got {type(image).__name__} (read_image reads files)')
    if image.size == 0:
        raise DeployError(f'{name}: it has no pixels, its shape is {image.shape}')
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
    image = to_array(image, order, name)
    if image.dtype != np.uint8:
        raise DeployError(f'{name}: expected uint8, 0 to 255, got {image.dtype}')
    channels = image.shape[2] if image.ndim == 3 else 1
    if image.ndim not in (2, 3) or channels not in (1, 3, 4):
        raise DeployError(f'{name}: expected the shape (H, W), (H, W, 1), (H, W, 3) or (H, W, 4), got {image.shape}')
    code = _TO_BGR.get((order, channels))
    image = np.ascontiguousarray(image)
    return image if code is None else cv2.cvtColor(image, code)


def to_bands(image: Any, order: str, channels: int, name: str = 'image') -> np.ndarray:
    """Checks a caller's image for a model of other data than 8-bit colours.

    Args:
        image: (H, W) or (H, W, channels), real numbers of any type, values as in the files of the training.
        order: Of three channels: 'bgr' or 'rgb'.
        channels: Of the model.
        name: For messages.

    Returns:
        (H, W, channels), uint8 as it is, anything else as float32; three channels as BGR.

    Raises:
        DeployError: it is something else; the message says what.
    """
    image = to_array(image, order, name)
    image = image[..., None] if image.ndim == 2 else image
    if image.ndim != 3 or image.shape[2] != channels:
        raise DeployError(f'{name}: expected the shape (H, W, {channels}), got {image.shape}')
    if image.dtype.kind not in 'uif':
        raise DeployError(f'{name}: expected real numbers, got {image.dtype}')
    if channels == 3 and order == 'rgb':
        image = image[..., ::-1]
    return np.ascontiguousarray(image if image.dtype == np.uint8 else image.astype(np.float32))
