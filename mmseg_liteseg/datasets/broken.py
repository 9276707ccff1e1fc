"""Samples that cannot be loaded."""

from __future__ import annotations

import os
import traceback
from typing import Any

from mmseg_liteseg.errors import DataError


class BrokenSampleError(DataError):
    """A sample cannot be loaded; the message names its files."""


def explain(dataset: Any, index: int, error: Exception) -> str:
    """One line on a sample that could not be loaded: its files, the error and where it was raised."""
    reason = ' '.join(str(error).split()) or 'no reason given'
    frames = traceback.extract_tb(error.__traceback__)
    where = f' in {os.path.basename(frames[-1].filename)}:{frames[-1].lineno}' if frames else ''
    return f'sample {index} ({files_of(dataset, index)}): {type(error).__name__}: {reason}{where}'


def files_of(dataset: Any, index: int) -> str:
    """Names of a sample's image and labels, as far as the data set tells them."""
    try:
        info = dataset.get_data_info(index)
    except Exception as error:  # any class of anybody's: the sample's own error is the one to be told
        return f'files unknown, {type(error).__name__}'
    paths = [
        f'{name} {info[key]}' for name, key in (('image', 'img_path'), ('labels', 'seg_map_path')) if info.get(key)
    ]
    return ', '.join(paths) or 'no file'
