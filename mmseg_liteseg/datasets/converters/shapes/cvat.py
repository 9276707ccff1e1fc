"""CVAT's XML of images: polygons, masks, ellipses, lines.

Format: https://docs.cvat.ai/docs/dataset_management/formats/format-cvat/ (CVAT for images 1.1).
"""

from __future__ import annotations

from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import numpy as np

from ..errors import ConversionError
from ..layouts.lists import Index
from ..layouts.words import read_name, split_of_name
from .drawing import Annotation, Shape, ellipse
from .missing import report_missing

_KINDS = ('polygon', 'polyline', 'points', 'box', 'ellipse', 'mask')


def is_cvat(root: Any) -> bool:
    """Whether parsed XML is CVAT's; PASCAL VOC's, of an image with boxes, begins with 'annotation'."""
    return (
        isinstance(root, Element)
        and root.tag == 'annotations'
        and (root.find('image') is not None or root.find('track') is not None)
    )


def read_cvat(path: Path, root: Element, index: Index, notes: list[str]) -> list[Annotation]:
    """Reads a file.

    Args:
        path: The file, relative to the data set's folder.
        root: What it holds.
        index: The images of the data set.
        notes: Gets remarks for the user.

    Raises:
        ConversionError: If it is of a video, its images are missing, or a shape is not as CVAT writes it.
    """
    if root.find('image') is None:
        raise ConversionError(f"{path}: tracks of a video; export the task as 'CVAT for images 1.1', with its images")
    split = split_of_name(path.stem) or read_name(path).split
    annotations, missing, kinds = [], [], []
    for image in root.iter('image'):
        name = image.get('name', '')
        found = index.find_beside(path, name)
        if not found:
            missing.append(name)
            continue
        # as on CVAT's screen: what has the larger z_order lies on top
        parts = sorted((part for part in image if part.get('label')), key=lambda part: int(part.get('z_order') or 0))
        kinds += [part.tag for part in parts]
        shapes = [_shape(path, name, part) for part in parts]
        size = (int(image.get('height', 0)), int(image.get('width', 0)))
        own = (image.get('subset') or '').lower()
        annotations.append(Annotation(found[0], size if all(size) else None, shapes, split_of_name(own) or split))
    report_missing(path, annotations, missing, notes)
    _report_boxes(path, kinds, notes)
    return annotations


def _report_boxes(path: Path, kinds: list[str], notes: list[str]) -> None:
    boxes = kinds.count('box')
    if kinds and boxes == len(kinds):
        raise ConversionError(f'{path}: its {boxes} objects have boxes only, no outlines')
    if boxes:
        notes.append(f'{path}: {boxes} boxes are drawn as filled rectangles')


def _shape(path: Path, image: str, part: Element) -> Shape:
    name, kind = part.get('label', ''), part.tag
    try:
        if kind in ('polygon', 'polyline', 'points'):
            points = [tuple(map(float, pair.split(','))) for pair in part.get('points', '').split(';')]
            return Shape(name, dict(polyline='linestrip', points='point').get(kind, kind), points)
        if kind == 'box':
            corners = [float(part.get(side)) for side in ('xtl', 'ytl', 'xbr', 'ybr')]
            return Shape(name, 'rectangle', [tuple(corners[:2]), tuple(corners[2:])])
        if kind == 'ellipse':
            x, y, *radii = (float(part.get(side)) for side in ('cx', 'cy', 'rx', 'ry'))
            return Shape(name, 'polygon', ellipse((x, y), radii, np.deg2rad(float(part.get('rotation') or 0))))
        if kind == 'mask':
            left, top, width, height = (int(float(part.get(s))) for s in ('left', 'top', 'width', 'height'))
            runs = [int(run) for run in part.get('rle', '').split(',')]
            if sum(runs) != width * height:
                raise ValueError(f'run lengths of {sum(runs)} pixels for {width} x {height}')
            return Shape(name, 'bitmap', [(left, top)], bitmap=partial(_bitmap, runs, (height, width)))
    except (TypeError, ValueError) as error:
        raise ConversionError(f'{path}: a {kind} of {image} cannot be read ({error})') from error
    raise ConversionError(f'{path}: {image} has a {kind!r}; expected one of {", ".join(_KINDS)}')


def _bitmap(runs: list[int], size: tuple[int, int]) -> np.ndarray:
    """From run lengths within the mask's box, row by row, the first of zeros."""
    flat, ends = np.zeros(size[0] * size[1], bool), list(accumulate(runs))
    for start, end in zip(ends[::2], ends[1::2]):
        flat[start:end] = True
    return flat.reshape(size)
