"""From the bytes of a file to pixels, as mmcv's OpenCV backend gives them, and further where that one is wrong."""

from __future__ import annotations

import cv2
import numpy as np

from .bands import read_bands
from .errors import ImageFileError
from .files import reason_of
from .header import Header, is_tiff, open_lazily, orientation_of, read_header
from .orientation import turn

COLOR_TYPES = {
    'color': cv2.IMREAD_COLOR,
    'grayscale': cv2.IMREAD_GRAYSCALE,
    'color_ignore_orientation': cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION,
    'grayscale_ignore_orientation': cv2.IMREAD_GRAYSCALE | cv2.IMREAD_IGNORE_ORIENTATION,
    'unchanged': cv2.IMREAD_UNCHANGED,
}
"""The names that ``LoadImageFromFile.color_type`` takes in mmcv, and OpenCV's flags."""

# 12 bits in 16: read as 8 bits, 16 levels would be left.
_TOO_DARK = 4096
_HINT = "load it with color_type='unchanged', and give a mean and std of its values (docs/images.md)"
_PLAIN_MODES = ('1', 'L', 'LA', 'P', 'PA', 'RGB', 'RGBA', 'CMYK')


def decode_image(data: bytes, name: str, color_type: str | int = 'color') -> np.ndarray:
    """Decodes a picture.

    ::

        color                       (H, W, 3) uint8, BGR     16 bits become 8 (values / 256), refused if nothing is left
        grayscale                   (H, W)    uint8
        *_ignore_orientation        the same, not turned as EXIF says
        unchanged                   (H, W[, C]) in the file's own depth and channels; colours as BGR or BGRA, bands that
                                    are no colours in the file's order; turned as EXIF says (mmcv does not)

    Of animations and files of several pages the first is taken; grey pages of a TIFF are bands to ``unchanged``.

    Args:
        data: The file.
        name: Of the file, for messages.
        color_type: One of ``COLOR_TYPES``, or flags of ``cv2.imread``.

    Raises:
        ImageFileError: it is no picture, is truncated, has too many pixels, or cannot be had in this form.

    Example:
        >>> decode_image(cv2.imencode('.png', np.full((2, 3), 7, np.uint8))[1].tobytes(), 'grey.png').shape
        (2, 3, 3)
    """
    if color_type not in COLOR_TYPES and (isinstance(color_type, bool) or not isinstance(color_type, int)):
        raise ImageFileError(f'color_type: expected one of {", ".join(COLOR_TYPES)}, got {color_type!r}')
    header = read_header(data, name)
    flags = COLOR_TYPES.get(color_type, color_type)
    if flags < 0:
        return _decode_unchanged(data, name, header)
    if header is not None and header.bands and not header.colours:
        raise ImageFileError(f'image {name}: {header.bands} bands that are no colours: {_HINT}')
    return _decode_flags(data, name, flags)


def decode_bands(data: bytes, name: str) -> np.ndarray:
    """All bands of a picture, (H, W, C), in the order of the file: a PNG's are red, green, blue.

    Args:
        data: The file.
        name: Of the file, for messages.

    Raises:
        ImageFileError: As ``decode_image`` does.

    Example:
        >>> png = cv2.imencode('.png', np.array([[[3, 2, 1]]], np.uint8))[1].tobytes()
        >>> decode_bands(png, 'three.png').tolist()
        [[[1, 2, 3]]]
    """
    image = decode_image(data, name, 'unchanged')
    image = image[..., None] if image.ndim == 2 else image
    header = read_header(data, name)
    if image.shape[2] < 3 or (header is not None and not header.colours):
        return image
    return np.concatenate([image[..., 2::-1], image[..., 3:]], axis=2)


def _decode_flags(data: bytes, name: str, flags: int) -> np.ndarray:
    """By OpenCV, after a look at the depth."""
    # decoded in its own depth first: OpenCV's 8 bits of 16 look like any other
    deep = _imdecode(data, name, flags | cv2.IMREAD_ANYDEPTH)
    if deep.dtype == np.uint8 or flags & cv2.IMREAD_ANYDEPTH:
        return deep
    if deep.dtype != np.uint16:
        raise ImageFileError(f'image {name}: its values are {deep.dtype}, expected 8 or 16 bits: {_HINT}')
    highest = int(deep.max())
    if 0 < highest < _TOO_DARK:
        raise ImageFileError(
            f'image {name}: 16 bits, but no value above {highest}; as 8 bits it would be black: {_HINT}'
        )
    return _imdecode(data, name, flags)


def _decode_unchanged(data: bytes, name: str, header: Header | None) -> np.ndarray:
    if is_tiff(data) and (header is None or header.bands or header.pages > 1):
        fourth = header is not None and header.colours and header.bands == 4
        return _decode_colours_and_one(data, name, header) if fourth else read_bands(data, name)
    image = _imdecode(data, name, cv2.IMREAD_UNCHANGED)
    # OpenCV turns TIFFs whatever it is asked
    return image if header is None or header.kind == 'TIFF' else turn(image, header.orientation)


def _decode_colours_and_one(data: bytes, name: str, header: Header) -> np.ndarray:
    """Four samples, RGB first, without tifffile, whose common LZW compression needs one more library."""
    image = _imdecode(data, name, cv2.IMREAD_UNCHANGED)
    if image.dtype != np.uint8:
        return image
    if header.mode not in ('RGBA', 'RGBX'):
        return read_bands(data, name)
    # OpenCV multiplies 8-bit colours by the fourth
    image = open_lazily(data, name)
    samples = np.asarray(image)
    # Pillow turns TIFFs itself when it reads them, since 9.4 or so, and then says that nothing is to be turned
    return turn(samples[..., [2, 1, 0, 3]], orientation_of(image))


def _imdecode(data: bytes, name: str, flags: int) -> np.ndarray:
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error as error:
        raise ImageFileError(f'image {name}: cannot be read as a picture ({_reason(error)})') from None
    except MemoryError:
        raise ImageFileError(f'image {name}: it does not fit into memory') from None
    return _decode_by_pillow(data, name, flags) if image is None else image


def _reason(error: cv2.error) -> str:
    text = getattr(error, 'err', None) or str(error)
    return 'it does not fit into memory' if 'memory' in text.lower() else text.strip().splitlines()[0]


def _decode_by_pillow(data: bytes, name: str, flags: int) -> np.ndarray:
    """What OpenCV cannot read (GIF before 4.11), or an error that says why not."""
    image = open_lazily(data, name)
    try:
        if image is None:
            raise ValueError('an unknown format, or a broken header')
        image.load()
        if image.mode not in _PLAIN_MODES:
            raise ValueError(f'{image.format} of mode {image.mode}')
    except Exception as error:  # decoders of Pillow raise errors of many types on broken files
        hint = f'; if it is sound and its values are no 8-bit colours, {_HINT}' if is_tiff(data) and flags >= 0 else ''
        raise ImageFileError(f'image {name}: cannot be read as a picture ({reason_of(error)}){hint}') from None
    rgb = np.asarray(image.convert('RGB'))
    bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
    return bgr if flags & cv2.IMREAD_COLOR or flags < 0 else cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY)
