"""TIFFs whose samples are no colours: satellite and microscope pictures, elevation, depth."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from .errors import ImageFileError
from .files import reason_of
from .orientation import turn

_RGB = 2
_ORIENTATION = 274
_BANDS = 16  # pictures are wider


def read_bands(data: bytes, name: str) -> np.ndarray:
    """Reads all bands of a TIFF.

    OpenCV drops bands or reorders them here, and says nothing: of four bands of 16 bits one is left.

    Args:
        data: The file.
        name: Of the file, for messages.

    Returns:
        (H, W), or (H, W, C) in the file's order and depth, turned as the file says. Colours come as BGR.

    Raises:
        ImageFileError: it is broken, tifffile is not installed, or it needs imagecodecs for its compression.
    """
    try:
        import tifffile  # optional: only such files need it
    except ImportError:
        raise ImageFileError(
            f'image {name}: to read bands of a TIFF, tifffile is needed: pip install tifffile imagecodecs'
        ) from None
    try:
        with tifffile.TiffFile(io.BytesIO(data)) as file:
            page = file.pages[0]
            bands = _bands_last(file, page)
            tag = page.tags.get(_ORIENTATION)
            if page.photometric == _RGB and bands.ndim == 3 and bands.shape[2] >= 3:
                # BGR as all readers here give colours, with whatever lies behind them
                bands = np.concatenate([bands[..., 2::-1], bands[..., 3:]], axis=2)
    except Exception as error:  # tifffile and its codecs raise errors of many types on broken files
        raise ImageFileError(f'image {name}: cannot be read as a picture ({reason_of(error)})') from None
    orientation = int(tag.value) if tag is not None and int(tag.value) in range(1, 9) else 1
    return turn(bands[..., 0] if bands.ndim == 3 and bands.shape[2] == 1 else bands, orientation)


def pages_are_rows(pages: int, height: int, width: int) -> bool:
    """Whether grey pages of a size are rows: what ``tifffile.imwrite(path, array)`` makes of (H, W, C).

    Example:
        >>> pages_are_rows(512, 512, 5), pages_are_rows(5, 512, 512)
        (True, False)
    """
    return width <= _BANDS and width < min(pages, height)


def _bands_last(file: Any, page: Any) -> np.ndarray:
    """(H, W[, C]) of the first page, or of all if they are grey ones of one size."""
    pages = file.series[0]
    stacked = len(pages.pages) > 1 and page.samplesperpixel == 1 and len(pages.shape) == 3 and 'T' not in pages.axes
    axes, bands = (pages.axes, pages.asarray()) if stacked else (page.axes, page.asarray())
    bands = bands.reshape([size for size, axis in zip(bands.shape, axes) if axis in 'YX' or size > 1])
    axes = ''.join(axis for size, axis in zip(pages.shape if stacked else page.shape, axes) if axis in 'YX' or size > 1)
    if bands.ndim == 2:
        return bands
    if bands.ndim != 3 or not {'Y', 'X'} <= set(axes):
        raise ValueError(f'axes {axes} of shape {bands.shape}')
    if stacked and pages_are_rows(*bands.shape):
        return bands
    other = next(i for i, axis in enumerate(axes) if axis not in 'YX')
    return np.moveaxis(bands, other, 2)
