"""labelme's JSON files, one beside each image.

Read with the standard library: the labelme package is an application that brings Qt and an inference runtime along.
"""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from mmseg_liteseg.wording import count

from ..errors import ConversionError
from ..layouts.lists import Index
from .drawing import Annotation, Shape

_FEWEST_POINTS = {'polygon': 3, 'rectangle': 2, 'circle': 2, 'line': 2, 'linestrip': 2, 'point': 1, 'mask': 1}


def is_labelme(tree: Any) -> bool:
    """Whether parsed JSON is one of labelme's files."""
    return isinstance(tree, dict) and isinstance(tree.get('shapes'), list) and 'imagePath' in tree


def read_labelme(path: Path, tree: dict, index: Index) -> Annotation:
    """Reads a file.

    Args:
        path: The file, relative to the data set's folder.
        tree: What it holds.
        index: The images of the data set.

    Raises:
        ConversionError: If its image is missing or a shape is not as labelme writes it.
    """
    named = (path.parent / str(tree['imagePath']).replace('\\', '/')).as_posix()
    found = index.find(named) or index.find((path.parent / path.stem).as_posix())
    if not found:
        raise ConversionError(f'{path}: its image {tree["imagePath"]} is not there')
    near = min(found, key=lambda image: (image.parent != path.parent, image.as_posix()))
    size = (tree.get('imageHeight'), tree.get('imageWidth'))
    shapes = [_shape(path, number, record) for number, record in enumerate(tree['shapes'])]
    return Annotation(near, size if all(size) else None, shapes)


def _shape(path: Path, number: int, record: dict) -> Shape:
    try:
        kind = record.get('shape_type') or 'polygon'
        points = [(float(x), float(y)) for x, y in record['points']]
        name = str(record['label'])
    except (KeyError, TypeError, ValueError) as error:
        raise ConversionError(f'{path}: shape {number} has no label or points of two numbers ({error})') from error
    if kind == 'points':
        kind = 'point'
    if kind == 'rotation':  # X-AnyLabeling's turned rectangles, by their corners
        kind = 'polygon'
    if kind not in _FEWEST_POINTS:
        raise ConversionError(f'{path}: shape {number} is a {kind!r}; expected one of {", ".join(_FEWEST_POINTS)}')
    if kind == 'polygon' and len(points) < 3:  # a click too few: labelme draws it as a line
        kind = 'line' if len(points) == 2 else 'point'
    if len(points) < _FEWEST_POINTS[kind]:
        raise ConversionError(f'{path}: shape {number}, a {kind}, has {count(len(points), "point")}')
    if kind == 'mask':
        return Shape(name, 'bitmap', points, bitmap=_bitmap(path, number, record))
    return Shape(name, kind, points)


def _bitmap(path: Path, number: int, record: dict) -> np.ndarray:
    try:
        data = base64.b64decode(record['mask'])
        with Image.open(io.BytesIO(data)) as image:
            return np.asarray(image) > 0
    except (KeyError, ValueError, OSError) as error:
        raise ConversionError(f'{path}: the mask of shape {number} cannot be read ({error})') from error
