"""Finds annotation files among a folder's JSON and text files and reads them."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Iterable

from ..errors import ConversionError
from ..layouts.lists import Index
from ..layouts.walk import Tree
from ..masks.class_files import ClassFile, Entry
from .coco import is_coco, read_coco
from .drawing import Annotation
from .labelme import is_labelme, read_labelme
from .supervisely import is_supervisely, read_supervisely

_BACKGROUND = ('background', '_background_')


@dataclass
class Shapes:
    """All annotations of a folder, their format, and class names: background first, `ignored` become 255."""

    format: str
    annotations: list[Annotation]
    classes: list[str]
    ignored: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def labels(self) -> dict[str, int]:
        """Label by class name."""
        return {name: label for label, name in enumerate(self.classes)}


def find_shapes(tree: Tree, found: Iterable[ClassFile] = (), track: Callable = iter) -> Shapes | None:
    """Reads labelme's, COCO's and Supervisely's files; None if there are none.

    Args:
        tree: The files of a folder.
        found: Lists of classes, which give the order.
        track: Wraps what is gone through, to show progress.

    Raises:
        ConversionError: If a file is not as its tool writes it, or the folder holds several formats.
    """
    index = Index(tree.images)
    notes: list[str] = []
    annotations: list[Annotation] = []
    formats: Counter = Counter()
    for path in track([path for path in tree.texts if path.suffix.lower() == '.json']):
        content = _parse(tree.root / path)
        try:
            if is_coco(content):
                formats['COCO'] += 1
                annotations += read_coco(path, content, index, notes)
            elif is_labelme(content):
                formats['labelme'] += 1
                annotations.append(read_labelme(path, content, index))
            elif is_supervisely(content):
                formats['Supervisely'] += 1
                annotations.append(read_supervisely(path, content, index))
        except ConversionError as error:
            if formats['COCO']:  # one file holds them all
                raise
            notes.append(f'left out: {error}')
    if not annotations:
        if formats:
            raise ConversionError(f'{tree.root}: {notes[0] if notes else "annotation files without images"}')
        return None
    if sum(count > 0 for count in formats.values()) > 1:
        raise ConversionError(f'{tree.root}: files of {" and ".join(formats)}; name the folder of one of them')
    classes, ignored = _classes(annotations, list(found), notes)
    return Shapes(next(iter(formats)), _join(annotations), classes, ignored, notes)


def _parse(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding='utf-8-sig'))
    except (OSError, ValueError):
        return None


def _join(annotations: list[Annotation]) -> list[Annotation]:
    """One annotation per image, where several files (things, stuff) describe it."""
    by_image: dict[Path, Annotation] = {}
    for annotation in annotations:
        first = by_image.setdefault(annotation.image, annotation)
        if first is not annotation:
            first.shapes += annotation.shapes
    return [by_image[image] for image in sorted(by_image)]


def _classes(annotations: list[Annotation], found: list[ClassFile], notes: list[str]) -> tuple[list[str], list[str]]:
    """Names with the background first, in the order of a list that holds them all or of the alphabet."""
    used = {shape.name for annotation in annotations for shape in annotation.shapes}
    listed = next((file for file in found if used <= {entry.name for entry in file.entries}), None)
    names = [entry.name for entry in listed.entries] if listed else sorted(used)
    if listed:
        notes.append(f'classes from {listed.path.name}')
        unused = [name for name in names if name not in used and name.lower() not in _BACKGROUND]
        if unused:
            notes.append(f'classes without a shape are left out: {", ".join(unused[:8])}')
        names = [name for name in names if name in used]
    ignored = [name for name in names if Entry(name).is_void]
    names = [name for name in names if name not in ignored]
    background = next((name for name in names if name.lower() in _BACKGROUND), 'background')
    return [background, *(name for name in names if name != background)], ignored
