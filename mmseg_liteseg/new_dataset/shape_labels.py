"""Shapes of annotation tools, drawn as labels."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np

from mmseg_liteseg.datasets.converters import ConversionError
from mmseg_liteseg.datasets.converters.layouts import SplitLists, Tree
from mmseg_liteseg.datasets.converters.layouts.words import read_name
from mmseg_liteseg.datasets.converters.masks import ClassRow
from mmseg_liteseg.datasets.converters.masks.naming import class_colours, say_some
from mmseg_liteseg.datasets.converters.shapes import Annotation, Shapes, draw
from mmseg_liteseg.inspection import UnreadableFileError, read_image

from .parallel import each
from .samples import LabelledFolder, Sample


def read_shapes(tree: Tree, lists: SplitLists, shapes: Shapes, multi_label: bool = False) -> LabelledFolder:
    """Draws the shapes of every image.

    Args:
        tree: The files.
        lists: What split lists say.
        shapes: The annotations.
        multi_label: Whether shapes of several classes may cover a pixel together; labels are then (H, W, K).

    Raises:
        ConversionError: If there are no shapes, or no image can be used.
    """
    names = shapes.classes[1:] if multi_label else shapes.classes  # the first is the background
    if len(shapes.classes) < 2:
        raise ConversionError(f'{tree.root}: the {shapes.format} files hold no shapes')
    by_name = _named(shapes.annotations)

    def render(sample_name: str) -> np.ndarray:
        annotation = by_name[sample_name]
        size = annotation.size or read_image(str(tree.root / annotation.image)).upright_size
        if not multi_label:
            return draw(annotation, size, shapes.labels)
        return np.stack([draw(_of_class(annotation, name), size, {name: 1}) for name in names], axis=2)

    def look(sample_name: str) -> Sample | str:
        annotation = by_name[sample_name]
        try:
            # drawn for the counts and again when written: all of a large set would not fit into memory
            drawn = render(sample_name)
        except (ConversionError, UnreadableFileError) as error:
            return f'{annotation.image}: {error}'
        split = lists.splits.get(annotation.image) or annotation.split or read_name(annotation.image).split
        counts = np.bincount(drawn.ravel(), minlength=256)
        if multi_label:
            counts = np.zeros(256, np.int64)
            counts[: len(names)] = drawn.sum((0, 1))
        return Sample(annotation.image, sample_name, split, drawn.shape[:2], counts)

    results = list(each(look, list(by_name), 'shapes'))
    samples = [result for result in results if isinstance(result, Sample)]
    left_out = [result for result in results if isinstance(result, str)]
    if not samples:
        raise ConversionError(f'{tree.root}: no image can be used; the first: {left_out[0]}')
    colours = class_colours(len(names), first_black=not multi_label)
    rows = [ClassRow(name, colour, ()) for name, colour in zip(names, colours)]
    images = {annotation.image for annotation in shapes.annotations}
    left_out += [f'{path}: an image without shapes' for path in tree.images if path not in images]
    table = dict(source=shapes.format, classes=[dict(label=i, name=row.name) for i, row in enumerate(rows)])
    notes = [*shapes.notes, *([f'ignored (255): {say_some(shapes.ignored)}'] if shapes.ignored else [])]
    layout = f'shapes in files of {shapes.format}'
    return LabelledFolder(
        tree.root, layout, rows, samples, lambda one: render(one.name), False, table, notes, left_out, multi_label
    )


def _of_class(annotation: Annotation, name: str) -> Annotation:
    shapes = [shape for shape in annotation.shapes if shape.name == name]
    return Annotation(annotation.image, annotation.size, shapes, annotation.split)


def _named(annotations: list[Annotation]) -> dict[str, Annotation]:
    """By the image's path without its suffix, or with it where a.jpg lies beside a.png."""

    def stem(image: Path) -> str:
        return image.with_suffix('').as_posix()

    counts = Counter(stem(annotation.image).lower() for annotation in annotations)
    return {
        stem(one.image) + (f'_{one.image.suffix[1:]}' if counts[stem(one.image).lower()] > 1 else ''): one
        for one in annotations
    }
