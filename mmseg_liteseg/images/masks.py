"""Label images: one channel of class indices, and a word where they are something else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .errors import ImageFileError
from .files import read_file, reason_of, shown
from .header import open_lazily, orientation_of
from .orientation import turn

if TYPE_CHECKING:
    from PIL import Image

_INDEX_MODES = ('1', 'L', 'P', 'I', 'I;16', 'I;16B', 'I;16L', 'I;16N')


def read_mask(path: str | Path) -> np.ndarray:
    """Reads a label image, see ``decode_mask``.

    Raises:
        ImageFileError: there is no such file, or see ``decode_mask``.
    """
    return decode_mask(read_file(path), shown(path))


def decode_mask(data: bytes, name: str) -> np.ndarray:
    """Decodes a label image. Palettes are colours to look at: the indices count.

    Args:
        data: The file: PNG, TIFF or another one with a single channel of 1, 8 or 16 bits, with or without a palette.
        name: Of the file, for messages.

    Returns:
        (H, W), uint8, or uint16 where a value is beyond 255. Turned as EXIF says.

    Raises:
        ImageFileError: it is no picture, truncated, or holds colours; names the file, its mode and what to do.

    Example:
        >>> import io
        >>> from PIL import Image
        >>> file = io.BytesIO()
        >>> Image.new('RGB', (4, 2), (128, 0, 0)).save(file, 'PNG')
        >>> decode_mask(file.getvalue(), 'mask.png')
        Traceback (most recent call last):
        ...
        mmseg_liteseg.images.errors.ImageFileError: mask mask.png: mode RGB, expected one channel of class indices (0 \
to the number of classes - 1, 255 where nothing is labelled). It holds colours, such as (128, 0, 0): write their \
indices into a PNG of one channel
    """
    image = open_lazily(data, name)
    try:
        if image is None:
            raise ValueError('an unknown format, or a broken header')
        image.load()
    except Exception as error:  # decoders of Pillow raise errors of many types on broken files
        raise ImageFileError(f'mask {name}: cannot be read as a picture ({reason_of(error)})') from None
    if image.mode not in _INDEX_MODES:
        raise ImageFileError(
            f'mask {name}: mode {image.mode}, expected one channel of class indices (0 to the number of classes - 1, '
            f'255 where nothing is labelled). {_advice(image)}'
        )
    return _indices(image, name)


def _indices(image: Image.Image, name: str) -> np.ndarray:
    labels = np.asarray(image)
    if labels.dtype not in (np.bool_, np.uint8):
        lowest, highest = int(labels.min()), int(labels.max())
        if lowest < 0 or highest > 65535:
            raise ImageFileError(f'mask {name}: values {lowest} to {highest}, expected class indices from 0 on')
        # 16 bits stay where they are needed: mmcv would keep the lower 8 of them
        labels = labels.astype(np.uint8 if highest < 256 else np.uint16)
    return turn(labels.astype(np.uint8) if labels.dtype == np.bool_ else labels, orientation_of(image))


def _advice(image: Image.Image) -> str:
    if image.mode not in ('RGB', 'RGBA', 'LA', 'PA'):
        return 'Write whole numbers into a PNG of one channel'
    colours = np.asarray(image.convert('RGB')).reshape(-1, 3)
    if (colours == colours[:, :1]).all():
        return f'Its channels are equal, values {colours.min()} to {colours.max()}: save one of them'
    first = tuple(int(value) for value in colours[int((colours != colours[:, :1]).any(1).argmax())])
    return f'It holds colours, such as {first}: write their indices into a PNG of one channel'
