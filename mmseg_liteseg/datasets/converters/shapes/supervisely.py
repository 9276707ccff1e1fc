"""Supervisely's JSON: ann/NAME.jpg.json beside img/NAME.jpg, polygons and bitmaps.

Format: https://docs.supervisely.com (Supervisely JSON), https://developer.supervisely.com.
"""

from __future__ import annotations

import base64
import io
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ..errors import ConversionError
from ..layouts.lists import Index
from ..layouts.words import read_name
from .drawing import Annotation, Shape

_KINDS = {'polygon': 'polygon', 'rectangle': 'rectangle', 'line': 'linestrip', 'point': 'point', 'bitmap': 'bitmap'}


def is_supervisely(tree: Any) -> bool:
    """Whether parsed JSON is an annotation of Supervisely's."""
    return isinstance(tree, dict) and isinstance(tree.get('objects'), list) and isinstance(tree.get('size'), dict)


def read_supervisely(path: Path, tree: dict, index: Index) -> Annotation:
    """Reads a file.

    Args:
        path: The file, relative to the data set's folder.
        tree: What it holds.
        index: The images of the data set.

    Raises:
        ConversionError: If its image is missing or an object cannot be read.
    """
    found = index.find(path.stem) or index.find(Path(path.stem).stem)
    if not found:
        raise ConversionError(f'{path}: its image {path.stem} is not there')
    home = path.parent.parent
    near = min(found, key=lambda image: (image.parent.parent != home, image.as_posix()))
    size = (int(tree['size']['height']), int(tree['size']['width']))
    shapes = [_shape(path, number, record) for number, record in enumerate(tree['objects'])]
    return Annotation(near, size, shapes, read_name(path).split)


def _shape(path: Path, number: int, record: dict) -> Shape:
    kind = record.get('geometryType')
    if kind not in _KINDS:
        raise ConversionError(f'{path}: object {number} is a {kind!r}; expected one of {", ".join(_KINDS)}')
    try:
        name = str(record['classTitle'])
        if kind == 'bitmap':
            return Shape(name, 'bitmap', [record['bitmap']['origin']], bitmap=_bitmap(record['bitmap']['data']))
        points = record['points']
        return Shape(name, _KINDS[kind], points['exterior'], points.get('interior') or [])
    except (KeyError, TypeError, ValueError, OSError, zlib.error) as error:
        raise ConversionError(f'{path}: object {number} cannot be read ({error})') from error


def _bitmap(data: str) -> np.ndarray:
    """A PNG, deflated, in base64; drawn pixels have a value, or alpha."""
    with Image.open(io.BytesIO(zlib.decompress(base64.b64decode(data)))) as image:
        pixels = np.asarray(image)
    return (pixels[..., -1] if pixels.ndim == 3 else pixels) > 0
