"""VGG Image Annotator's files, versions 1 and 2: projects, JSON and CSV.

Format: https://www.robots.ox.ac.uk/~vgg/software/via/ (docs/face_track_annotation.html, via-2.x.y/README).
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any, Iterable, Sequence

from ..errors import ConversionError
from ..layouts.lists import Index
from ..layouts.words import read_name, split_of_name
from .drawing import Annotation, Shape, ellipse
from .missing import report_missing

_PROJECT = '_via_img_metadata'
_CLASS_KEYS = ('class', 'label', 'name', 'type', 'category', 'object', 'class_name')
_ONE_CLASS = 'object'
_COLUMNS = ('filename', 'region_shape_attributes', 'region_attributes')


def is_via(tree: Any) -> bool:
    """Whether parsed JSON is a project, or an export, of VIA 1 or 2."""
    if not isinstance(tree, dict):
        return False
    files = tree.get(_PROJECT, tree)
    values = list(files.values()) if isinstance(files, dict) else []
    return bool(values) and all(isinstance(v, dict) and 'filename' in v and 'regions' in v for v in values[:20])


def is_via_table(rows: Sequence[Sequence[str]]) -> bool:
    """Whether rows of CSV are an export of VIA."""
    return bool(rows) and set(_COLUMNS) <= {cell.strip('# ') for cell in rows[0]}


def read_via(path: Path, tree: dict, index: Index, notes: list[str]) -> list[Annotation]:
    """Reads a project or a JSON export.

    Args:
        path: The file, relative to the data set's folder.
        tree: What it holds.
        index: The images of the data set.
        notes: Gets remarks for the user.

    Raises:
        ConversionError: If a region is not as VIA writes it, or several attributes could be its class.
    """
    records = []
    for record in tree.get(_PROJECT, tree).values():
        regions = record['regions']
        regions = list(regions.values()) if isinstance(regions, dict) else regions  # version 1 numbers them
        records.append((str(record['filename']), [_pair(path, region) for region in regions]))
    return _annotations(path, records, index, notes)


def read_via_table(path: Path, rows: Sequence[Sequence[str]], index: Index, notes: list[str]) -> list[Annotation]:
    """Reads a CSV export; the arguments and errors are those of ``read_via``."""
    head = [cell.strip('# ') for cell in rows[0]]
    places = [head.index(column) for column in _COLUMNS]
    regions: dict[str, list[tuple[dict, dict]]] = {}
    for number, row in enumerate(rows[1:], 2):
        if not any(row):
            continue
        try:
            name, shape, attributes = (row[place] for place in places)
            found = json.loads(shape or '{}'), json.loads(attributes or '{}')
        except (ValueError, IndexError) as error:
            raise ConversionError(f'{path}: line {number} is not as VIA writes it ({error})') from error
        regions.setdefault(name, [])
        if found[0]:  # a file without regions has a line, too
            regions[name].append(found)
    return _annotations(path, list(regions.items()), index, notes)


def _pair(path: Path, region: Any) -> tuple[dict, dict]:
    try:
        return region['shape_attributes'], region.get('region_attributes') or {}
    except (TypeError, KeyError) as error:
        raise ConversionError(f'{path}: a region without shape_attributes') from error


def _annotations(
    path: Path, records: list[tuple[str, list[tuple[dict, dict]]]], index: Index, notes: list[str]
) -> list[Annotation]:
    regions = [region for _, found in records for region in found]
    key = _class_key(path, [attributes for _, attributes in regions])
    if regions and key is None:
        notes.append(f'{path}: regions have no attributes: all are of one class, {_ONE_CLASS!r}')
    split = split_of_name(path.stem) or read_name(path).split
    annotations, missing = [], []
    for name, found in records:
        images = index.find_beside(path, name)
        if not images:
            missing.append(name)
            continue
        shapes = [_shape(path, name, shape, attributes, key) for shape, attributes in found]
        annotations.append(Annotation(images[0], None, shapes, split))
    report_missing(path, annotations, missing, notes)
    return annotations


def _class_key(path: Path, attributes: Iterable[dict]) -> str | None:
    """The attribute that names the class: the only one, or the one that is called so."""
    keys = Counter(key for record in attributes for key, value in record.items() if value not in ('', {}, None))
    if len(keys) < 2:
        return next(iter(keys), None)
    named = [key for key in keys if key.strip().lower().replace(' ', '_') in _CLASS_KEYS]
    if len(named) != 1:
        raise ConversionError(
            f'{path}: regions have the attributes {", ".join(sorted(keys))}; expected one, or one of them called class '
            'or label: rename the one that is the class in VIA and export again'
        )
    return named[0]


def _shape(path: Path, image: str, shape: dict, attributes: dict, key: str | None) -> Shape:
    name = _ONE_CLASS if key is None else _value(attributes.get(key))
    if name is None:
        raise ConversionError(
            f'{path}: a region of {image} has no value, or several, for {key}: {attributes.get(key)!r}'
        )
    kind = shape.get('name')
    try:
        if kind in ('polygon', 'polyline'):
            points = list(zip(map(float, shape['all_points_x']), map(float, shape['all_points_y'])))
            return Shape(name, 'polygon' if kind == 'polygon' and len(points) > 2 else 'linestrip', points)
        if kind == 'rect':
            x, y, width, height = (float(shape[side]) for side in ('x', 'y', 'width', 'height'))
            return Shape(name, 'rectangle', [(x, y), (x + width, y + height)])
        if kind in ('circle', 'ellipse'):
            x, y = float(shape['cx']), float(shape['cy'])
            radii = (float(shape['r']),) * 2 if kind == 'circle' else (float(shape['rx']), float(shape['ry']))
            # VIA's theta is in radians, https://gitlab.com/vgg/via (via-2, draw_ellipse_region)
            return Shape(name, 'polygon', ellipse((x, y), radii, float(shape.get('theta', 0))))
        if kind == 'point':
            return Shape(name, 'point', [(float(shape['cx']), float(shape['cy']))])
    except (KeyError, TypeError, ValueError) as error:
        raise ConversionError(f'{path}: a {kind} of {image} cannot be read ({error})') from error
    raise ConversionError(
        f'{path}: a region of {image} is a {kind!r}; expected polygon, rect, circle, ellipse or point'
    )


def _value(value: Any) -> str | None:
    """Text, a choice, or the only one of some boxes that is checked."""
    if isinstance(value, dict):
        chosen = [name for name, checked in value.items() if checked]
        return chosen[0] if len(chosen) == 1 else None
    return str(value).strip() or None if value is not None else None
