"""What a file says of itself before it is decoded."""

from __future__ import annotations

import io
import os
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .bands import pages_are_rows
from .errors import ImageFileError

if TYPE_CHECKING:
    from PIL import Image

# OpenCV's own variable, so that one setting is enough for both.
_LIMIT_VARIABLE = 'OPENCV_IO_MAX_IMAGE_PIXELS'
# tags of TIFF and EXIF, and what they say
_ORIENTATION, _SAMPLES, _PHOTOMETRIC, _EXTRA = 274, 277, 262, 338
_WHITE_OR_BLACK_IS_MIN, _RGB, _UNSPECIFIED = (0, 1), 2, 0
_COLOURS, _GREY_AND_ALPHA = 3, 2


@dataclass(frozen=True)
class Header:
    """Of a file that Pillow knows.

    Attributes:
        kind: Such as 'PNG'.
        mode: Pillow's, such as 'RGB', 'P' or 'I;16'.
        orientation: EXIF's, 1 (as stored) to 8.
        bands: Of a TIFF that holds more than grey or three colours: how many samples a pixel. 0 otherwise.
        colours: Whether the first three are.
        pages: Of a TIFF of grey pages: how many.
    """

    kind: str
    mode: str
    orientation: int
    bands: int = 0
    colours: bool = True
    pages: int = 1


def read_header(data: bytes, name: str) -> Header | None:
    """Reads the header alone; the arguments, None and errors are those of ``open_lazily``."""
    image = open_lazily(data, name)
    bands, colours = _bands(data) if is_tiff(data) else (0, True)
    if image is None:
        return Header('TIFF', '', 1, bands, colours) if bands else None
    pages = getattr(image, 'n_frames', 1) if not colours else 1
    if pages_are_rows(pages, image.height, image.width):
        bands = image.width
    return Header(image.format or '', image.mode, orientation_of(image), bands, colours, pages)


def open_lazily(data: bytes, name: str) -> Image.Image | None:
    """Opens a file without decoding its pixels.

    Args:
        data: The file.
        name: Of the file, for messages.

    Returns:
        None where Pillow does not know the format.

    Raises:
        ImageFileError: it announces so many pixels that decoding it could take all memory.
    """
    from PIL import Image, UnidentifiedImageError  # here: whoever imports the runtime may never read a file

    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')  # Pillow warns from half of its limit on
            return Image.open(io.BytesIO(data))
    except Image.DecompressionBombError as error:
        if _LIMIT_VARIABLE in os.environ:
            return None  # OpenCV keeps to it
        raise ImageFileError(
            f'image {name}: its header announces more pixels than any picture should have ({error}). If that is '
            f'right, set {_LIMIT_VARIABLE} to their number'
        ) from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, TypeError, KeyError, OverflowError):
        return None


def is_tiff(data: bytes) -> bool:
    """Whether a file starts as TIFF or BigTIFF files do."""
    return data[:4] in (b'II*\0', b'MM\0*', b'II+\0', b'MM\0+')


def orientation_of(image: Image.Image) -> int:
    """EXIF's orientation: 1 (as stored) to 8."""
    # of a PNG without it, Pillow would decode the pixels to look behind them
    if image.format == 'PNG' and 'exif' not in image.info:
        return 1
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            value = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # a broken EXIF block, which decoders ignore as well; Pillow lets errors of many types through
        return 1
    return value if value in range(1, 9) else 1


def _bands(data: bytes) -> tuple[int, bool]:
    """By the tags, as Pillow opens few of such files: see ``Header``."""
    from PIL.TiffImagePlugin import ImageFileDirectory_v2

    stream = io.BytesIO(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            big = b'+' in data[2:4]
            tags = ImageFileDirectory_v2(stream.read(16 if big else 8))
            stream.seek(tags.next)
            tags.load(stream)
        samples, photometric, extra = tags.get(_SAMPLES, 1), tags.get(_PHOTOMETRIC), tags.get(_EXTRA)
    except Exception:  # a broken directory, of which decoders say more; Pillow raises errors of many types
        return 0, True
    if photometric == _RGB:  # OpenCV multiplies colours by the fourth, whatever it is
        return samples if samples > _COLOURS else 0, True
    if photometric not in _WHITE_OR_BLACK_IS_MIN:
        return 0, True
    if samples == 1:
        return 0, False
    # two samples are grey and its transparency, unless the file says that it does not know
    known = samples == _GREY_AND_ALPHA and extra not in (_UNSPECIFIED, (_UNSPECIFIED,))
    return (0 if known else samples), False
