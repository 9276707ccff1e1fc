"""COCO's panoptic segmentation: a PNG per image whose colours are ids of segments, and JSON that tells their classes.

Format: https://cocodataset.org/#format-data, section 4 (id = R + 256 G + 65536 B).
"""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ConversionError
from ..layouts.lists import Index
from ..layouts.words import read_name, split_of_name
from ..masks.decode import open_image
from .drawing import Annotation, Shape
from .missing import report_missing


def is_panoptic(tree: Any) -> bool:
    """Whether parsed JSON is COCO's of the panoptic kind."""
    if not isinstance(tree, dict) or not all(isinstance(tree.get(key), list) for key in ('images', 'annotations')):
        return False
    return bool(tree['annotations']) and all('segments_info' in record for record in tree['annotations'][:20])


def read_panoptic(path: Path, tree: dict, root: Path, index: Index, notes: list[str]) -> list[Annotation]:
    """Reads a file.

    Args:
        path: The file, relative to the data set's folder.
        tree: What it holds.
        root: The data set's folder.
        index: The images of the data set, with the PNGs.
        notes: Gets remarks for the user.

    Raises:
        ConversionError: If images, PNGs or categories are missing.
    """
    names = {record.get('id'): str(record.get('name')) for record in tree.get('categories') or ()}
    images = {record.get('id'): record for record in tree['images']}
    split = split_of_name(path.stem) or read_name(path).split
    annotations, missing = [], []
    for record in tree['annotations']:
        image = images.get(record.get('image_id'))
        if image is None:
            raise ConversionError(f'{path}: image {record.get("image_id")} of an annotation is not among images')
        png = _find(index, str(record.get('file_name', '')), 'other')
        file = _find(index, str(image.get('file_name', '')), 'image')
        if png is None or file is None or png == file:
            missing.append(str(record.get('file_name') if png is None else image.get('file_name')))
            continue
        shapes = _shapes(path, root / png, record['segments_info'], names)
        annotations.append(Annotation(file, (int(image['height']), int(image['width'])), shapes, split))
    report_missing(path, annotations, missing, notes)
    return annotations


def _find(index: Index, name: str, role: str) -> Path | None:
    """An image and its PNG may have one name: then the folder's tells them apart."""
    found = index.find(name)
    return min(found, key=lambda path: (read_name(path).role not in (role, ''), path.as_posix())) if found else None


def _shapes(path: Path, png: Path, segments: list[dict], names: dict[int, str]) -> list[Shape]:
    by_class = defaultdict(list)
    for segment in segments:
        if segment.get('category_id') not in names:
            raise ConversionError(f'{path}: category {segment.get("category_id")} of a segment is not among categories')
        by_class[names[segment['category_id']]].append(segment['id'])
    return [Shape(name, 'bitmap', [(0, 0)], bitmap=partial(_where, png, tuple(ids))) for name, ids in by_class.items()]


def _where(png: Path, ids: tuple[int, ...]) -> np.ndarray:
    return np.isin(_ids(png), ids)


# a PNG is asked for once per class, one image after the other
@lru_cache(maxsize=8)
def _ids(png: Path) -> np.ndarray:
    rgb = np.asarray(open_image(png).convert('RGB')).astype(np.int64)
    return rgb[..., 0] + 256 * rgb[..., 1] + 65536 * rgb[..., 2]
