"""Pictures to compare on: the package's street scenes, or the user's own, in the depth and channels of a model."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from mmseg_liteseg.datasets.synthetic import render_scene
from mmseg_liteseg.images import ImageFileError, read_image

from .errors import DeployError, require
from .fields import check_kind, check_path, check_picture, check_size, check_whole
from .source import Source

_SUFFIXES = ('.png', '.jpg', '.jpeg', '.bmp', '.tif', '.tiff', '.webp')
_MIN_SCENE = 32
_COARSE = 4  # std from which on values are whole numbers


def images_of(
    size: tuple[int, int],
    batch: int,
    channels: int = 3,
    folder: str | None = None,
    source: Source | None = None,
) -> np.ndarray:
    """Different pictures (batch, H, W, channels), BGR or bands: uint8, or float32 for a model of other depth.

    Args:
        size: (H, W).
        batch: How many.
        channels: Of the model.
        folder: Of images, which are resized; street scenes are drawn otherwise.
        source: The model, where it may see more than 8-bit colours: pictures get the range of its mean and std.

    Raises:
        DeployError: the folder holds no image, or one that cannot be read; or an argument is of another type.
    """
    check_size('size', size)
    check_whole('batch', batch, 1)
    check_whole('channels', channels, 1)
    if source is not None:
        check_kind('source', source, Source)
    color_type = source.color_type if source else 'color'
    if folder is not None:
        stack = np.stack(_read(folder, size, batch, color_type))
        if color_type == 'color' and channels == 1:
            return stack.mean(axis=-1, keepdims=True).astype(np.uint8)
        return stack
    stack = np.stack([_draw(size, index) for index in range(batch)])
    if channels == 1:
        stack = stack.mean(axis=-1, keepdims=True).astype(np.uint8)
    elif channels != 3:
        # shifted copies: equal bands would hide a wrong order of them
        stack = np.stack([np.roll(stack[..., c % 3], c // 3, axis=2) for c in range(channels)], axis=-1)
    return stack if source is None else _in_range(stack, source)


def _in_range(pictures: np.ndarray, source: Source) -> np.ndarray:
    """Two std around the mean, where 0 to 255 would be far from it."""
    mean, std = (np.float32(source.cfg.model.data_preprocessor[key]) for key in ('mean', 'std'))
    if 2 < mean.mean() < 256:
        return pictures
    values = np.maximum(mean + (pictures.astype(np.float32) / 255 * 4 - 2) * std, 0 if mean.min() >= 0 else -np.inf)
    return np.float32(values.round() if std.min() > _COARSE else values)


def write_image(path: Path, image: np.ndarray, color_type: str | int) -> Path:
    """Writes a picture (H, W, C) such that ``color_type`` reads it back, and gives its path: ``path`` with a suffix.

    Raises:
        DeployError: it takes tifffile, which is not installed, or nothing can be written there; or an argument is of
            another type.
    """
    path = check_path('path', path)
    check_picture('image', image)
    deep = image.dtype != np.uint8
    whole = not deep or (image.min() >= 0 and image.max() < 1 << 16 and np.array_equal(image, image.round()))
    if whole and image.shape[2] in (1, 3, 4):
        path = path.with_name(path.name + '.png')
        if not cv2.imwrite(str(path), image.astype(np.uint16) if deep else image):
            raise DeployError(f'path {path}: nothing can be written there')
        return path
    path = path.with_name(path.name + '.tif')
    colours = image.shape[2] == 3
    tifffile = require('tifffile', 'tifffile', 'a picture of such a model')
    try:
        tifffile.imwrite(
            path,
            image[..., ::-1] if colours else image,
            photometric='rgb' if colours else 'minisblack',
            planarconfig='contig' if image.shape[2] > 1 else None,
        )
    except OSError as error:
        raise DeployError(f'path {path}: nothing can be written there ({error.strerror})') from None
    return path


def _draw(size: tuple[int, int], index: int) -> np.ndarray:
    height, width = (max(side, _MIN_SCENE) for side in size)
    image, _ = render_scene(0, 'val', index, height, width)
    # scenes are drawn no smaller: a street needs room
    return image[: size[0], : size[1]]


def find_images(folder: str | Path) -> list[Path]:
    """The image files below a folder, sorted.

    Raises:
        DeployError: there is none.
    """
    files = sorted(f for f in check_path('images', folder).rglob('*') if f.suffix.lower() in _SUFFIXES)
    if not files:
        raise DeployError(f'images {folder}: no image found (expected one of {", ".join(_SUFFIXES)})')
    return files


def _read(folder: str, size: tuple[int, int], batch: int, color_type: str | int) -> list[np.ndarray]:
    files = find_images(folder)
    pictures = []
    for index in range(batch):
        try:
            image = read_image(files[index % len(files)], color_type)
        except ImageFileError as error:
            raise DeployError(f'images: {error}') from None
        image = image if image.dtype == np.uint8 else image.astype(np.float32)
        resized = cv2.resize(image, size[::-1], interpolation=cv2.INTER_LINEAR)
        pictures.append(resized[..., None] if resized.ndim == 2 else resized)
    return pictures
