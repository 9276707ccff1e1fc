"""Pictures from files: for the network, and to look at."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from .decode import decode_image
from .display import to_picture
from .errors import ImageFileError
from .files import read_file, shown


def read_image(path: str | Path, color_type: str | int = 'color') -> np.ndarray:
    """Reads a picture for the network, see ``decode_image``.

    Raises:
        ImageFileError: there is no such file, or see ``decode_image``.
    """
    return decode_image(read_file(path), shown(path), color_type)


def read_picture(data: bytes, name: str) -> np.ndarray:
    """Decodes a picture to look at, whatever its depth and channels.

    Args:
        data: The file.
        name: Of the file, for messages.

    Returns:
        (H, W, 3), uint8, BGR: as OpenCV reads it, or stretched where 8 bits cannot hold it.

    Raises:
        ImageFileError: it is no picture.
    """
    try:
        return to_picture(decode_image(data, name, cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH))
    except ImageFileError:
        return to_picture(decode_image(data, name, 'unchanged'))
