"""Whether an image's values are such as its mean and std were made for."""

from __future__ import annotations

from typing import Sequence

import numpy as np

from .errors import ImageFileError

# Of normalised values, how far from the mean three quarters may lie. Flat pictures and 8 bits with a mean of 8 bits,
# which a glare or the night may take anywhere, are left alone.
_FAR = 5
_EIGHT_BITS, _SMALL = 255, 2
_SAMPLES = 1 << 14
_HINT = 'set mean and std of model.data_preprocessor to those of the values as they are loaded (docs/images.md)'


def check_range(values: np.ndarray, mean: Sequence[float], std: Sequence[float], name: str, kind: str = '') -> None:
    """Compares values with the mean and std that they will be normalised by.

    Args:
        values: Of an image before that, any shape and type.
        mean: By channel.
        std: By channel.
        name: Of the image, for messages.
        kind: Type of the values in the file, such as 'uint8', where they have another one by now.

    Raises:
        ImageFileError: They cannot belong together: 12 bits with the mean of 8, 0 to 1 with that of 0 to 255, 8 bits
            with that of 16.

    Example:
        >>> check_range(np.array([[3000, 3001]]), [127.5], [127.5], 'a.tif')
        Traceback (most recent call last):
        ...
        mmseg_liteseg.images.errors.ImageFileError: image a.tif: most of its values (3000 to 3001) lie more than 5 std \
from the mean of 127.5: set mean and std of model.data_preprocessor to those of the values as they are loaded \
(docs/images.md)
    """
    flat = np.asarray(values).reshape(-1)
    flat = flat[:: flat.size // _SAMPLES + 1].astype(np.float64)
    flat = flat[np.isfinite(flat)]
    if not flat.size:
        raise ImageFileError(f'image {name}: none of its values is a number')
    middle, spread = float(np.mean(mean)), float(np.mean(std))
    low, high = flat.min(), flat.max()
    as_ever = low >= 0 and high <= _EIGHT_BITS and _SMALL < middle <= _EIGHT_BITS
    # three quarters, as a few hot pixels or a black border are in many pictures
    if not as_ever and low < high and np.percentile(np.abs(flat - middle), 25) > _FAR * spread:
        problem = f'most of its values ({low:g} to {high:g}) lie more than {_FAR} std from the mean of {middle:g}'
    elif low >= 0 and high <= 1 and middle > _SMALL and (flat != np.round(flat)).any():
        problem = f'its values are 0 to 1, the mean is {middle:g}'
    elif (kind or str(np.asarray(values).dtype)) == 'uint8' and middle > _EIGHT_BITS:
        problem = f'its values have 8 bits, the mean is {middle:g}'
    else:
        return
    raise ImageFileError(f'image {name}: {problem}: {_HINT}')
