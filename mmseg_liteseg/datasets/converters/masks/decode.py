"""Reads a mask file of any usual format as integers: values as stored, or packed colours."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from ..errors import ConversionError

LOSSY_SUFFIXES = frozenset({'.jpg', '.jpeg', '.jpe', '.jfif', '.jp2', '.webp'})
_READ_ERRORS = (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError)
_NO_DATA = 255
_OPAQUE = 128
"""Alpha below this: the pixel was not drawn on."""


@dataclass
class RawMask:
    """A mask as stored.

    Attributes:
        kind: 'values' (one channel), 'palette' (indices into colours) or 'colours'.
        codes: (H, W), int64: values, indices, or colours as 0xRRGGBB.
        palette: Packed colour of each index that occurs, for 'palette'.
        lossy: Whether the format changes values.
        is_index: Whether the file is one channel of 8 bits at most, as label images are.
        no_data: Whether it holds NaN or negative values, as maps do where nothing is known; they count as 255.
    """

    kind: str
    codes: np.ndarray
    palette: dict[int, int]
    lossy: bool
    is_index: bool = False
    no_data: bool = False

    def as_colours(self) -> np.ndarray:
        """The codes (H, W) as packed colours, whatever was stored."""
        if self.kind == 'colours':
            return self.codes
        if self.kind == 'palette':
            table = np.zeros(256, np.int64)
            table[list(self.palette)] = list(self.palette.values())
            return table[self.codes]
        return self.codes * 0x010101


def pack(rgb: np.ndarray) -> np.ndarray:
    """Colours (..., 3) as integers.

    Example:
        >>> hex(pack(np.array([255, 128, 1])))
        '0xff8001'
    """
    rgb = np.asarray(rgb).astype(np.int64)
    return (rgb[..., 0] << 16) | (rgb[..., 1] << 8) | rgb[..., 2]


def unpack(codes: np.ndarray | int) -> np.ndarray:
    """The opposite of :func:`pack`.

    Example:
        >>> unpack(0xFF8001).tolist()
        [255, 128, 1]
    """
    codes = np.asarray(codes, dtype=np.int64)
    return np.stack([codes >> 16 & 255, codes >> 8 & 255, codes & 255], axis=-1)


def open_image(path: Path) -> Image.Image:
    """Decodes the whole file, so that truncation shows, and turns it as EXIF says.

    Raises:
        ConversionError: If it cannot be read.
    """
    try:
        with Image.open(path) as image:
            image.load()
            return ImageOps.exif_transpose(image)
    except _READ_ERRORS as error:
        raise ConversionError(f'{path}: not a readable image ({error})') from error


def read_mask(path: Path) -> RawMask:
    """Reads a mask.

    Raises:
        ConversionError: If it cannot be read, or holds fractions that are no labels.
    """
    image = open_image(path)
    lossy = path.suffix.lower() in LOSSY_SUFFIXES
    if image.mode == 'P':
        return _read_palette(image, lossy, path.suffix.lower() == '.gif')
    if image.mode in ('1', 'L', 'LA', 'I', 'F') or image.mode.startswith('I;16'):
        values, no_data = _single_channel(image, path)
        return RawMask('values', values, {}, lossy, image.mode in ('1', 'L'), no_data)
    return RawMask('colours', _colours(image), {}, lossy)


def _read_palette(image: Image.Image, lossy: bool, is_gif: bool) -> RawMask:
    codes = np.asarray(image).astype(np.int64)
    table = np.zeros((256, 3), np.int64)
    # shorter than 256 where the file lists used colours only
    entries = np.array(image.getpalette() or [], dtype=np.int64).reshape(-1, 3)
    table[: len(entries)] = entries
    used = np.unique(codes)
    if is_gif and (table[used] == table[used, :1]).all():  # GIF stores greys by a palette only
        return RawMask('values', table[codes, 0], {}, lossy)
    return RawMask('palette', codes, dict(zip(used.tolist(), pack(table[used]).tolist())), lossy, True)


def _single_channel(image: Image.Image, path: Path) -> tuple[np.ndarray, bool]:
    """(H, W), int64, and whether some of it is no data."""
    if image.mode == 'LA':
        grey, alpha = (np.asarray(band).astype(np.int64) for band in image.split())
        # drawn in alpha alone, as some editors export
        drawn = grey.min() == grey.max() and alpha.min() < alpha.max()
        return (alpha if drawn else np.where(alpha < _OPAQUE, 0, grey)), False
    values = np.asarray(image)
    nothing = np.zeros(values.shape, bool) if values.dtype.kind in 'bu' else ~np.isfinite(values) | (values < 0)
    if nothing.any():
        values = np.where(nothing, _NO_DATA, values)
    rounded = np.rint(values) if values.dtype.kind == 'f' else values
    if values.dtype.kind == 'f' and np.abs(values - rounded).max() > 1e-3:
        low, high = float(values.min()), float(values.max())
        raise ConversionError(
            f'{path}: fractions from {low:g} to {high:g}; expected whole numbers as labels: '
            'write the number of the class per pixel (of probabilities, the likeliest class), as PNG or TIFF'
        )
    return rounded.astype(np.int64), bool(nothing.any())


def _colours(image: Image.Image) -> np.ndarray:
    alpha = np.asarray(image.getchannel('A')) if 'A' in image.getbands() else None
    codes = pack(np.asarray(image.convert('RGB')))
    if alpha is None or alpha.min() >= _OPAQUE:
        return codes
    if codes.min() == codes.max():  # one colour, drawn in the alpha channel
        return alpha.astype(np.int64) * 0x010101
    return np.where(alpha < _OPAQUE, 0, codes)
