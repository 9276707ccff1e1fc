"""Pictures to compare on: the package's street scenes, or the user's own."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from mmseg_liteseg.datasets.synthetic import render_scene

from .errors import DeployError

_SUFFIXES = ('.png', '.jpg', '.jpeg', '.bmp', '.tif', '.tiff', '.webp')
_MIN_SCENE = 32


def images_of(size: tuple[int, int], batch: int, channels: int = 3, folder: str | None = None) -> np.ndarray:
    """Different pictures (batch, H, W, channels), uint8, BGR.

    Args:
        size: (H, W).
        batch: How many.
        channels: 3, or 1 for grey.
        folder: Of images, which are resized; street scenes are drawn otherwise.

    Raises:
        DeployError: the folder holds no image, or one that cannot be read.
    """
    pictures = _read(folder, size, batch) if folder else [_draw(size, index) for index in range(batch)]
    stack = np.stack(pictures)
    return stack if channels == 3 else stack.mean(axis=-1, keepdims=True).astype(np.uint8)


def _draw(size: tuple[int, int], index: int) -> np.ndarray:
    height, width = (max(side, _MIN_SCENE) for side in size)
    image, _ = render_scene(0, 'val', index, height, width)
    return image[: size[0], : size[1]]


def find_images(folder: str) -> list[Path]:
    """The image files below a folder, sorted.

    Raises:
        DeployError: there is none.
    """
    files = sorted(f for f in Path(folder).rglob('*') if f.suffix.lower() in _SUFFIXES)
    if not files:
        raise DeployError(f'images {folder}: no image found (expected one of {", ".join(_SUFFIXES)})')
    return files


def _read(folder: str, size: tuple[int, int], batch: int) -> list[np.ndarray]:
    files = find_images(folder)
    pictures = []
    for index in range(batch):
        file = files[index % len(files)]
        image = cv2.imread(str(file), cv2.IMREAD_COLOR)
        if image is None:
            raise DeployError(f'images {file}: cannot be read as an image')
        pictures.append(cv2.resize(image, size[::-1], interpolation=cv2.INTER_LINEAR))
    return pictures
