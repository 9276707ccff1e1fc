"""Ultralytics' text labels: a line per object, its class and the corners of its outline as shares of width and height.

Format: https://docs.ultralytics.com/datasets/segment/
"""

from __future__ import annotations

from pathlib import Path
from typing import Callable, Sequence

from ..errors import ConversionError
from ..layouts.lists import Index
from ..layouts.words import read_name
from .drawing import Annotation, Shape

_FEWEST_NUMBERS = 7  # a class and three corners; five numbers are a box


def is_yolo(lines: Sequence[str]) -> bool:
    """Whether a text file's lines are outlines: a whole number, then shares between 0 and 1.

    Example:
        >>> is_yolo(['0 0.1 0.1 0.5 0.1 0.5 0.9']), is_yolo(['2007_000032'])
        (True, False)
    """
    return bool(lines) and all(_numbers(line) is not None for line in lines[:20])


def read_yolo(
    path: Path,
    lines: Sequence[str],
    names: Sequence[str],
    index: Index,
    size_of: Callable[[Path], tuple[int, int]],
) -> Annotation | None:
    """Reads a file.

    Args:
        path: The file, relative to the data set's folder.
        lines: What it holds.
        names: Of the classes, by number.
        index: The images of the data set.
        size_of: Gives height and width of an image.

    Returns:
        Nothing if its objects have boxes only.

    Raises:
        ConversionError: If its image is missing or a class has no name.
    """
    found = index.find(path.stem)
    if not found:
        raise ConversionError(f'{path}: its image {path.stem} is not there')
    split = read_name(path).split
    image = min(found, key=lambda image: (read_name(image).split != split, image.as_posix()))
    height, width = size_of(image)
    shapes = []
    for line in lines:
        number, *corners = _numbers(line)
        if len(corners) + 1 < _FEWEST_NUMBERS:
            continue
        # shares of the picture's edge to edge; a pixel's middle is a whole number when drawn
        points = [(x * width - 0.5, y * height - 0.5) for x, y in zip(corners[::2], corners[1::2])]
        name = names[int(number)] if number < len(names) else f'class_{int(number)}'
        shapes.append(Shape(name, 'polygon', points))
    return Annotation(image, (height, width), shapes, split) if shapes or not lines else None


def _numbers(line: str) -> list[float] | None:
    try:
        number, *corners = [float(word) for word in line.split()]
    except ValueError:
        return None
    fits = number.is_integer() and number >= 0 and len(corners) >= 4 and all(0 <= x <= 1 for x in corners)
    return [number, *corners] if fits else None
