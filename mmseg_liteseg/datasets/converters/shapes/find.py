"""Finds annotation files among a folder's JSON and text files and reads them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Iterable

from ..errors import ConversionError
from ..layouts.walk import Tree
from ..masks.class_files import ClassFile, Entry
from .drawing import Annotation
from .formats import FORMATS, Source, parse

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
    """Reads the files of annotation tools; None if there are none.

    Args:
        tree: The files of a folder.
        found: Lists of classes, which give names and order.
        track: Wraps what is gone through, to show progress.

    Raises:
        ConversionError: If a file is not as its tool writes it, or the folder holds several formats.
    """
    found = list(found)
    reader = _Reader(Source(tree, _ordered(found)))
    suffixes = {one.suffix for one in FORMATS}
    for path in track([path for path in tree.texts if path.suffix.lower() in suffixes]):
        reader.read(path)
    reader.read_empty()
    annotations, notes = reader.annotations, reader.source.notes
    if not annotations:
        if reader.formats:
            raise ConversionError(f'{tree.root}: {notes[0] if notes else "annotation files without images"}')
        return None
    # exports of one project in two formats would draw each object twice
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

    source: Source
    annotations: list[Annotation] = field(default_factory=list)
    formats: set[str] = field(default_factory=set)
    empty: list[Path] = field(default_factory=list)

    def read(self, path: Path) -> None:
        """Reads a file; one that is broken is left out, unless it describes all images."""
        content = parse(self.source.tree.root / path)
        kind = path.suffix.lower()
        if kind == '.txt' and content == []:
            self.empty.append(path)
        found = next((one for one in FORMATS if one.suffix == kind and content and one.fits(content)), None)
        if found is None:
            return
        self.formats.add(found.name)
        try:
            self.annotations += found.annotations_of(path, content, self.source)
        except ConversionError as error:
            if found.holds_all:
                raise
            self.source.notes.append(f'left out: {error}')

    def read_empty(self) -> None:
        """Ultralytics' files without a line: images without objects."""
        outlines = next(one for one in FORMATS if one.name == 'Ultralytics')
        if outlines.name in self.formats:
            for path in self.empty:
                if self.source.index.find(path.stem):
                    self.annotations += outlines.annotations_of(path, [], self.source)


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
