"""COCO's JSON: polygons and run lengths, read by pycocotools."""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ConversionError
from ..layouts.lists import Index
from ..layouts.words import read_name, split_of_name
from .drawing import Annotation, Shape
from .missing import report_missing


def is_coco(tree: Any) -> bool:
    """Whether parsed JSON is COCO's."""
    return isinstance(tree, dict) and all(isinstance(tree.get(key), list) for key in ('images', 'annotations'))


def read_coco(path: Path, tree: dict, index: Index, notes: list[str]) -> list[Annotation]:
    """Reads a file: one annotation per image that it lists, those without objects included.

    Objects are drawn from large to small, since a small one inside a large one lies on it.

    Args:
        path: The file, relative to the data set's folder; its name, or its folder's, may say the split.
        tree: What it holds.
        index: The images of the data set.
        notes: Gets remarks for the user.

    Raises:
        ConversionError: If images or categories are missing, or no object has an outline.
    """
    names = _categories(path, tree)
    objects = defaultdict(list)
    for record in tree['annotations']:
        objects[record.get('image_id')].append(record)
    split = split_of_name(path.stem) or read_name(path).split
    annotations, missing, boxes = [], [], 0
    for image in tree['images']:
        found = index.find_beside(path, str(image.get('file_name', '')))
        if not found:
            missing.append(str(image.get('file_name')))
            continue
        size = (int(image['height']), int(image['width']))
        records = sorted(objects[image['id']], key=lambda record: -float(record.get('area') or 0))
        boxes += sum(not record.get('segmentation') for record in records)
        shapes = [_shape(path, record, size, names) for record in records if record.get('segmentation')]
        annotations.append(Annotation(found[0], size, shapes, split))
    report_missing(path, annotations, missing, notes)
    _report_boxes(path, annotations, boxes, notes)
    return annotations


def _categories(path: Path, tree: dict) -> dict[int, str]:
    names = {record.get('id'): str(record.get('name')) for record in tree.get('categories') or ()}
    strange = next((r for r in tree['annotations'] if r.get('category_id') not in names), None)
    if strange is not None:
        raise ConversionError(f'{path}: category {strange.get("category_id")} of an object is not among categories')
    return names


def _shape(path: Path, record: dict, size: tuple[int, int], names: dict[int, str]) -> Shape:
    codec = _codec()
    outline = record['segmentation']
    try:
        if isinstance(outline, list):
            # three corners at least: pycocotools takes a list of four numbers for a box
            outline = [ring for ring in outline if len(ring) >= 6]
            if not outline:
                return Shape(names[record['category_id']], 'bitmap', [(0, 0)], bitmap=np.zeros(size, bool))
        runs = codec.frPyObjects(outline, *size) if not isinstance(outline, dict) or _plain(outline) else outline
        # several rings are parts of one object, behind a lamp post say
        runs = codec.merge(runs) if isinstance(runs, list) else runs
    except (TypeError, ValueError, KeyError, IndexError) as error:
        raise ConversionError(f'{path}: the outline of object {record.get("id")} cannot be read ({error})') from error
    drawn = tuple(runs['size'])
    if drawn != size:
        raise ConversionError(f'{path}: object {record.get("id")} has size {drawn}, its image {size}')
    return Shape(names[record['category_id']], 'bitmap', [(0, 0)], bitmap=partial(_decode, runs))


def _decode(runs: dict) -> np.ndarray:
    return _codec().decode(runs).astype(bool)


def _plain(outline: dict) -> bool:
    """Whether run lengths are a list of numbers rather than COCO's text."""
    return isinstance(outline.get('counts'), list)


def _codec() -> Any:
    try:
        from pycocotools import mask
    except ImportError as error:
        raise ConversionError("COCO JSON needs pycocotools: pip install 'mmseg_liteseg[data]'") from error
    return mask


def _report_boxes(path: Path, annotations: list[Annotation], boxes: int, notes: list[str]) -> None:
    if boxes and not any(annotation.shapes for annotation in annotations):
        raise ConversionError(f'{path}: its {boxes} objects have boxes only, no outlines')
    if boxes:
        notes.append(f'{path}: {boxes} objects with a box but no outline are left out')
