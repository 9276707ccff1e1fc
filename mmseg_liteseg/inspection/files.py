"""Reads an image or a mask to its end. Nothing here knows of classes or configs."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import Iterator

import cv2
import numpy as np
from mmengine import fileio
from PIL import Image

from mmseg_liteseg.images import ImageFileError, decode_image, decode_mask, read_file, shown
from mmseg_liteseg.images.files import reason_of
from mmseg_liteseg.images.header import is_tiff, open_lazily, orientation_of, read_header

from .facts import THUMBNAIL, Header, ImageFacts, MaskFacts, UnreadableFileError

_WIDTH, _LENGTH, _BITS_PER_SAMPLE = 256, 257, 258  # tags of TIFF
_MAX_COLOURS = 64  # a colour code has a few dozen; more means a photo or the noise of JPEG
_BITS = {'1': 1, 'I': 32, 'F': 32, 'I;16': 16, 'I;16B': 16, 'I;16L': 16, 'I;16N': 16}


def read_image(path: str, backend_args: dict | None = None) -> ImageFacts:
    """Reads an image to its end; JPEG at an eighth of its size, which takes a fraction of the time.

    Args:
        path: A file, or what one of mmengine's storage backends understands.
        backend_args: Of the storage backend.

    Raises:
        UnreadableFileError: Missing, truncated, no picture, or larger than memory should hold.

    Example:
        >>> import mmseg_liteseg.datasets  # knows synthetic://
        >>> facts = read_image('synthetic://64x96/seed0/images/train_00000.png')
        >>> facts.size, facts.channels, facts.bits
        ((64, 96), 3, 8)
    """
    with _named(path):
        content = _fetch(path, backend_args)
        picture = open_lazily(content, path)
        if picture is None or _hides_values(picture, content):
            return _image_of_array(*_decode(picture, content, path))
        header = _header(picture, content)
        # lets libjpeg decode coefficients for a smaller picture only
        picture.draft('L', (2 * THUMBNAIL,) * 2)
        _load(picture)
        if picture.mode in _BITS and picture.mode != '1':
            return _image_of_array(header, np.asarray(picture))
        return ImageFacts(**vars(header), thumbnail=_thumbnail(picture))


def read_mask(path: str, backend_args: dict | None = None) -> MaskFacts:
    """Reads a mask and counts its values.

    Args:
        path: A file, or what one of mmengine's storage backends understands.
        backend_args: Of the storage backend.

    Raises:
        UnreadableFileError: As for :func:`read_image`.

    Example:
        >>> import mmseg_liteseg.datasets  # knows synthetic://
        >>> facts = read_mask('synthetic://64x96/seed0/labels/train_00000.png')
        >>> facts.mode, sum(facts.counts.values()) == 64 * 96
        ('L', True)
    """
    with _named(path):
        content = _fetch(path, backend_args)
        picture = open_lazily(content, path)
        if picture is None:
            return _mask_of_array(*_decode(picture, content, path))
        header = _header(picture, content)
        _load(picture)
        if picture.mode in ('L', 'P'):
            counts = {value: count for value, count in enumerate(picture.histogram()) if count}
            return MaskFacts(**vars(header), counts=counts)
        return _mask_of_array(header, np.asarray(picture))


def read_grey(path: str, backend_args: dict | None, side: int) -> np.ndarray:
    """A grey copy of an image as it is stored, (h, w), uint8, the longer side of ``side`` pixels at most.

    Raises:
        UnreadableFileError: As for :func:`read_image`.

    Example:
        >>> import mmseg_liteseg.datasets  # knows synthetic://
        >>> read_grey('synthetic://64x96/seed0/images/train_00000.png', None, 48).shape
        (32, 48)
    """
    with _named(path):
        content = _fetch(path, backend_args)
        picture = open_lazily(content, path)
        if picture is None or _hides_values(picture, content):
            return _small(_decode(picture, content, path)[1], side)
        picture.draft('L', (2 * side,) * 2)
        _load(picture)
        return _small(np.asarray(picture if picture.mode in _BITS else picture.convert('RGB').convert('L')), side)


def read_labels(path: str, backend_args: dict | None = None) -> np.ndarray:
    """A mask's labels (H, W), uint8 or uint16, upright.

    Raises:
        UnreadableFileError: As for :func:`read_image`; or it holds colours.
    """
    with _named(path):
        return decode_mask(_fetch(path, backend_args), shown(path))


def _small(array: np.ndarray, side: int) -> np.ndarray:
    share = min(side / max(array.shape[:2]), 1)
    height, width = (max(round(share * length), 1) for length in array.shape[:2])
    return _grey(array, (width, height), float(np.nanmin(array)), float(np.nanmax(array)))


def _grey(array: np.ndarray, size: tuple[int, int], low: float, high: float) -> np.ndarray:
    """(h, w), uint8: the mean of all bands, in a size (w, h), stretched to 0 to 255."""
    values = array.astype(np.float32)
    values = values if values.ndim == 2 else values.mean(axis=2)
    small = cv2.resize(values, size, interpolation=cv2.INTER_AREA)
    return np.nan_to_num((small - low) * (255 / max(high - low, 1e-12))).clip(0, 255).astype(np.uint8)


@contextmanager
def _named(path: str) -> Iterator[None]:
    """Takes the file's name out of the reader's message: who lists files says it once."""
    try:
        yield
    except ImageFileError as error:
        raise UnreadableFileError(str(error).split(f'{shown(path)}: ', 1)[-1]) from None


def _fetch(path: str, backend_args: dict | None) -> bytes:
    if '://' not in path and not backend_args:
        return read_file(path)
    try:
        return bytes(fileio.get(path, backend_args=backend_args))
    # backends raise what their libraries do
    except Exception as error:
        raise UnreadableFileError(f'cannot be read ({reason_of(error)})') from None


def _hides_values(picture: Image.Image, content: bytes) -> bool:
    """Whether Pillow gives less than the file holds: 8 of 16 bits of a colour, or one of several bands."""
    if picture.mode not in _BITS and _stored_bits(picture, content) > 8:
        return True
    header = read_header(content, '') if is_tiff(content) else None
    return header is not None and (header.bands > 0 or header.pages > 1)


def _decode(picture: Image.Image | None, content: bytes, path: str) -> tuple[Header, np.ndarray]:
    """All bands in their own depth, by the package's reader."""
    array = decode_image(content, path, 'unchanged')
    channels = array.shape[2] if array.ndim == 3 else 1
    if picture is not None:
        header = replace(_header(picture, content), channels=channels, bits=8 * array.itemsize, frames=1)
        if header.upright_size != array.shape[:2]:  # rows as pages, see read_bands
            header = replace(header, height=array.shape[0], width=array.shape[1])
        return header, array
    return Header(*array.shape[:2], channels, 8 * array.itemsize, '', '', is_float=array.dtype.kind == 'f'), array


def _load(picture: Image.Image) -> None:
    try:
        picture.load()
    # whatever a decoder trips over in a broken file (zlib's, struct's and others' errors) is a fault of the file
    except Exception as error:
        raise UnreadableFileError(f'truncated or broken ({reason_of(error)})') from None


def _header(picture: Image.Image, content: bytes) -> Header:
    try:
        frames = getattr(picture, 'n_frames', 1)
    except Exception:  # broken further frames are none to the loaders
        frames = 1
    height, width = picture.height, picture.width
    if picture.format == 'TIFF':  # Pillow gives the size of the turned picture
        height, width = (int(picture.tag_v2.get(tag, side)) for tag, side in ((_LENGTH, height), (_WIDTH, width)))
    return Header(
        height=height,
        width=width,
        channels=len(picture.getbands()),
        bits=_stored_bits(picture, content),
        mode=picture.mode,
        format=picture.format or '',
        orientation=orientation_of(picture),
        frames=frames,
        is_float=picture.mode == 'F',
    )


def _stored_bits(picture: Image.Image, content: bytes) -> int:
    """Bits per channel in the file: Pillow's mode hides 16-bit RGB (read as 8) and 2- or 4-bit grey (spread to 8)."""
    if picture.format == 'PNG' and content[12:16] == b'IHDR':
        return content[24]
    if picture.format == 'TIFF':
        bits = picture.tag_v2.get(_BITS_PER_SAMPLE, 1)
        return int(bits if isinstance(bits, int) else max(bits))
    return _BITS.get(picture.mode, 8)


def _thumbnail(picture: Image.Image) -> np.ndarray:
    """A grey copy of 32 x 32."""
    grey = picture if picture.mode == 'L' else picture.convert('RGB').convert('L')
    return np.asarray(grey.resize((THUMBNAIL,) * 2, Image.Resampling.BOX)).copy()


def _image_of_array(header: Header, array: np.ndarray) -> ImageFacts:
    """With the limits of the values, from which the thumbnail is stretched."""
    # of the whole array: the mean of bands hides what a clipped one holds
    low, high = float(np.nanmin(array)), float(np.nanmax(array))
    small = _grey(array, (THUMBNAIL,) * 2, low, high)
    return ImageFacts(**vars(header), thumbnail=small, limits=(low, high) if header.bits > 8 else None)


def _mask_of_array(header: Header, array: np.ndarray) -> MaskFacts:
    if array.ndim == 3:
        return MaskFacts(**vars(header), colours=_colours(array))
    whole = True
    if array.dtype.kind == 'f':
        rounded = np.round(np.nan_to_num(array, nan=-1.0))
        whole, array = bool(np.array_equal(rounded, array)), rounded.astype(np.int64)
    values, counts = np.unique(array, return_counts=True)
    return MaskFacts(**vars(header), counts=dict(zip(values.astype(int).tolist(), counts.tolist())), is_whole=whole)


def _colours(array: np.ndarray) -> dict[tuple[int, ...], int]:
    """The most frequent values of pixels with several channels."""
    pixels = array.reshape(-1, array.shape[2])
    # one number per pixel: np.unique over rows is many times slower
    codes = np.zeros(len(pixels), np.uint64)
    for channel in pixels.T:  # 16 bits each, which four channels fill
        codes = (codes << np.uint64(16)) | (channel.astype(np.int64) & 0xFFFF).astype(np.uint64)
    _, first, counts = np.unique(codes, return_index=True, return_counts=True)
    order = np.argsort(-counts, kind='stable')[:_MAX_COLOURS]
    return {tuple(pixels[first[i]].tolist()): int(counts[i]) for i in order}
