"""Finds annotation files among a folder's JSON and text files and reads them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Iterable

from ..errors import ConversionError
from ..layouts.lists import Index
from ..layouts.walk import Tree
from ..masks.class_files import ClassFile, Entry
from ..masks.decode import open_image
from .coco import is_coco, read_coco
from .drawing import Annotation
from .labelme import is_labelme, read_labelme
from .supervisely import is_supervisely, read_supervisely
from .yolo import is_yolo, read_yolo

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
    """Reads labelme's, COCO's, Supervisely's and Ultralytics' files; None if there are none.

    Args:
        tree: The files of a folder.
        found: Lists of classes, which give names and order.
        track: Wraps what is gone through, to show progress.

    Raises:
        ConversionError: If a file is not as its tool writes it, or the folder holds several formats.
    """
    found = list(found)
    reader = _Reader(tree, Index(tree.images), _ordered(found))
    for path in track([path for path in tree.texts if path.suffix.lower() in ('.json', '.txt')]):
        reader.read(path)
    reader.read_empty()
    annotations, notes = reader.annotations, reader.notes
    if not annotations:
        if reader.formats:
            raise ConversionError(f'{tree.root}: {notes[0] if notes else "annotation files without images"}')
        return None
    if len(reader.formats) > 1:
        names = ' and '.join(sorted(reader.formats))
        raise ConversionError(f'{tree.root}: files of {names}; name the folder of one of them')
    classes, ignored = _classes(annotations, found, notes)
    return Shapes(next(iter(reader.formats)), _join(annotations), classes, ignored, notes)


def _ordered(found: list[ClassFile]) -> list[str]:
    """Names of classes by number, as Ultralytics' files need them."""
    if not found:
        return []
    entries = found[0].entries
    numbered = {entry.value if found[0].has_values else i: entry.name for i, entry in enumerate(entries)}
    return [numbered.get(i, f'class_{i}') for i in range(max(numbered) + 1)]


@dataclass
class _Reader:
    """Takes one file after the other for what it is."""

    tree: Tree
    index: Index
    names: list[str]
    annotations: list[Annotation] = field(default_factory=list)
    formats: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)
    empty: list[Path] = field(default_factory=list)

    def read(self, path: Path) -> None:
        """Reads a file; what is broken is left out, but for COCO's, which holds everything."""
        try:
            if path.suffix.lower() == '.txt':
                self._read_text(path)
            else:
                self._read_json(path, _parse(self.tree.root / path))
        except ConversionError as error:
            if 'COCO' in self.formats:
                raise
            self.notes.append(f'left out: {error}')

    def read_empty(self) -> None:
        """Ultralytics' files without a line: images without objects."""
        if 'Ultralytics' in self.formats:
            self.annotations += filter(None, (self._outlines(p, []) for p in self.empty if self.index.find(p.stem)))

    def _read_json(self, path: Path, content: Any) -> None:
        if is_coco(content):
            self.formats.add('COCO')
            self.annotations += read_coco(path, content, self.index, self.notes)
        elif is_labelme(content):
            self.formats.add('labelme')
            self.annotations.append(read_labelme(path, content, self.index))
        elif is_supervisely(content):
            self.formats.add('Supervisely')
            self.annotations.append(read_supervisely(path, content, self.index))

    def _read_text(self, path: Path) -> None:
        text = (self.tree.root / path).read_text(encoding='utf-8', errors='replace')
        lines = [line for line in text.splitlines() if line.strip()]
        if not lines:
            self.empty.append(path)
        elif is_yolo(lines):
            self.formats.add('Ultralytics')
            outlines = self._outlines(path, lines)
            if outlines is None:
                raise ConversionError(f'{path}: its objects have boxes only, no outlines')
            self.annotations.append(outlines)

    def _outlines(self, path: Path, lines: list[str]) -> Annotation | None:
        return read_yolo(path, lines, self.names, self.index, self._size)

    def _size(self, image: Path) -> tuple[int, int]:
        return open_image(self.tree.root / image).size[::-1]


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
