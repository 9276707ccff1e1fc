"""Label Studio's JSON: polygons, brush strokes, ellipses, rectangles.

Format: https://labelstud.io/guide/export (JSON), coordinates in percent; brush strokes are packed by
https://github.com/thi-ng/umbrella/tree/develop/packages/rle-pack.
"""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import numpy as np

from ..errors import ConversionError
from ..layouts.lists import Index
from .drawing import Annotation, Shape, ellipse
from .missing import report_missing

_KINDS = ('polygonlabels', 'brushlabels', 'ellipselabels', 'rectanglelabels')
_UPLOAD = re.compile(r'^[0-9a-f]{8}-(.+)$')  # what it puts before the names of uploaded files


def is_label_studio(tree: Any) -> bool:
    """Whether parsed JSON is a list of Label Studio's tasks."""
    return (
        isinstance(tree, list)
        and bool(tree)
        and all(
            isinstance(task, dict) and isinstance(task.get('data'), dict) and isinstance(task.get('annotations'), list)
            for task in tree[:20]
        )
    )


def read_label_studio(path: Path, tree: list[dict], index: Index, notes: list[str]) -> list[Annotation]:
    """Reads a file: of several annotations of a task the last, without those that were cancelled.

    Args:
        path: The file, relative to the data set's folder.
        tree: What it holds.
        index: The images of the data set.
        notes: Gets remarks for the user.

    Raises:
        ConversionError: If images are missing, or a region is not as Label Studio writes it.
    """
    annotations, missing, several = [], [], 0
    for task in tree:
        done = [entry for entry in task['annotations'] if not entry.get('was_cancelled')]
        if not done:
            continue  # not labelled yet
        several += len(done) > 1
        place = next((value for value in task['data'].values() if isinstance(value, str) and '.' in value), '')
        found = _find(place, index)
        if found is None:
            missing.append(place)
            continue
        regions = [region for region in done[-1].get('result') or () if region.get('type') in _KINDS]
        annotations.append(Annotation(found, None, [_shape(path, place, region) for region in regions]))
    report_missing(path, annotations, missing, notes)
    if several:
        notes.append(f'{path}: {several} tasks were annotated more than once: the last is taken')
    return annotations


def _find(place: str, index: Index) -> Path | None:
    parts = urlsplit(place)
    name = unquote(parse_qs(parts.query).get('d', [parts.path])[0])  # local files: /data/local-files/?d=photos/1.jpg
    bare = _UPLOAD.match(name.rsplit('/', 1)[-1])
    found = index.find(name) or index.find(name.rsplit('/', 1)[-1]) or (index.find(bare.group(1)) if bare else [])
    return found[0] if found else None


def _shape(path: Path, image: str, region: dict) -> Shape:
    kind = region['type']
    try:
        value, width, height = region['value'], region['original_width'], region['original_height']
        labels = value.get(kind) or value.get('labels')
        if not labels or len(labels) != 1:
            raise ValueError(f'labels {labels}, expected one')
        name = str(labels[0])
        if kind == 'brushlabels':
            if value.get('format') != 'rle':
                raise ValueError(f'format {value.get("format")!r}, expected rle')
            return Shape(name, 'bitmap', [(0, 0)], bitmap=partial(unpack, value['rle'], (height, width)))
        if kind == 'polygonlabels':
            return Shape(name, 'polygon', [(x * width / 100, y * height / 100) for x, y in value['points']])
        x, y = value['x'] * width / 100, value['y'] * height / 100
        angle = np.deg2rad(value.get('rotation') or 0)
        if kind == 'ellipselabels':
            radii = value['radiusX'] * width / 100, value['radiusY'] * height / 100
            return Shape(name, 'polygon', ellipse((x, y), radii, angle))
        across = np.array([np.cos(angle), np.sin(angle)]) * value['width'] * width / 100
        down = np.array([-np.sin(angle), np.cos(angle)]) * value['height'] * height / 100
        # turned about its first corner
        corners = np.array([x, y]) + np.array([0 * across, across, across + down, down])
        return Shape(name, 'polygon', [tuple(corner) for corner in corners.tolist()])
    except (KeyError, TypeError, ValueError) as error:
        raise ConversionError(f'{path}: a region of {image} ({kind}) cannot be read ({error})') from error


def unpack(packed: list[int], size: tuple[int, int]) -> np.ndarray:
    """The pixels (H, W), bool, of a brush stroke: where the alpha of its RGBA picture is set.

    Raises:
        ConversionError: If it is cut off, or of another size.
    """
    bits = np.unpackbits(np.array(packed, np.uint8))
    place = 0

    def take(count: int) -> int:
        nonlocal place
        if place + count > len(bits):
            raise ConversionError('a brush stroke ends too early')
        place += count
        return int(''.join(map(str, bits[place - count : place])), 2)

    total, width = take(32), take(5) + 1
    sizes = [take(4) + 1 for _ in range(4)]
    if total != 4 * size[0] * size[1]:
        raise ConversionError(f'a brush stroke of {total // 4} pixels on an image of {size[0]} x {size[1]}')
    values, position = np.zeros(total, np.uint8), 0
    while position < total:
        repeated = take(1)
        end = position + 1 + take(sizes[take(2)])
        if repeated:
            values[position:end] = take(width)
        else:
            values[position:end] = [take(width) for _ in range(position, min(end, total))]
        position = end
    return values.reshape(*size, 4)[..., 3] > 0
