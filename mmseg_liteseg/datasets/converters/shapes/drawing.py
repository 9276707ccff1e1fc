"""Shapes that annotation tools store, drawn as label images."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Mapping, Sequence

import numpy as np
from PIL import Image, ImageDraw

from ..masks.table import IGNORE

Point = tuple
_LINE_WIDTH = 10
_POINT_RADIUS = 5
"""Width of lines and radius of points, in pixels, as labelme draws them."""
_CORNERS = 64


@dataclass
class Shape:
    """Something drawn around an object.

    Attributes:
        name: Its class.
        kind: polygon, rectangle, circle, line, linestrip, point or bitmap.
        points: (x, y) in pixels; of a circle the centre and a point on it; of a bitmap its top left corner.
        holes: Polygons cut out of a polygon.
        bitmap: (h, w), bool, or what makes it: those of a large data set do not fit into memory.
    """

    name: str
    kind: str
    points: list[Point]
    holes: list[list[Point]] = field(default_factory=list)
    bitmap: np.ndarray | Callable[[], np.ndarray] | None = None

    def mask(self, size: tuple[int, int]) -> np.ndarray:
        """The pixels (H, W), bool, that the shape covers."""
        if self.bitmap is not None:
            return self._paste(size)
        canvas = Image.new('1', (size[1], size[0]))
        self._draw(ImageDraw.Draw(canvas))
        for hole in self.holes:
            ImageDraw.Draw(canvas).polygon([tuple(point) for point in hole], fill=0)
        return np.array(canvas, dtype=bool)

    def _draw(self, draw: ImageDraw.ImageDraw) -> None:
        points = [tuple(point) for point in self.points]
        if self.kind == 'rectangle':
            (x1, y1), (x2, y2) = points[0], points[-1]
            draw.rectangle([min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)], fill=1)
        elif self.kind == 'circle':
            self._disc(draw, points[0], math.dist(points[0], points[1]))
        elif self.kind in ('line', 'linestrip'):
            draw.line(points, fill=1, width=_LINE_WIDTH)
        elif self.kind == 'point':
            self._disc(draw, points[0], _POINT_RADIUS)
        else:
            # with its outline, as labelme's own shape_to_mask
            draw.polygon(points, fill=1, outline=1)

    def _disc(self, draw: ImageDraw.ImageDraw, centre: Point, radius: float) -> None:
        x, y = centre
        draw.ellipse([x - radius, y - radius, x + radius, y + radius], fill=1)

    def _paste(self, size: tuple[int, int]) -> np.ndarray:
        """The bitmap at its place, cut off at the borders."""
        bitmap = self.bitmap() if callable(self.bitmap) else self.bitmap
        canvas = np.zeros(size, bool)
        left, top = (round(part) for part in self.points[0])
        target = canvas[max(top, 0) : top + bitmap.shape[0], max(left, 0) : left + bitmap.shape[1]]
        source = bitmap[max(-top, 0) :, max(-left, 0) :]
        target[:] = source[: target.shape[0], : target.shape[1]]
        return canvas


def ellipse(centre: Point, radii: Sequence[float], angle: float = 0.0) -> list[Point]:
    """The outline of an ellipse.

    Args:
        centre: (x, y) in pixels.
        radii: Along x and y, before it is turned.
        angle: In radians, clockwise on the screen.

    Example:
        >>> [tuple(round(part) for part in point) for point in ellipse((5, 5), (3, 2))[::16]]
        [(8, 5), (5, 7), (2, 5), (5, 3)]
    """
    turns = np.linspace(0, 2 * np.pi, _CORNERS, endpoint=False)
    along, across = radii[0] * np.cos(turns), radii[1] * np.sin(turns)
    x = centre[0] + along * np.cos(angle) - across * np.sin(angle)
    y = centre[1] + along * np.sin(angle) + across * np.cos(angle)
    return list(zip(x.tolist(), y.tolist()))


@dataclass
class Annotation:
    """The shapes of an image, bottom first, and the size (H, W) they were drawn on."""

    image: Path
    size: tuple[int, int] | None
    shapes: list[Shape]
    split: str = ''


def draw(annotation: Annotation, size: tuple[int, int], labels: Mapping[str, int]) -> np.ndarray:
    """Draws an annotation.

    Args:
        annotation: The shapes; later ones cover earlier ones.
        size: Height and width.
        labels: Label by class name; names that are not in it are ignored (255).

    Returns:
        (H, W), uint8; 0 where nothing is.

    Example:
        >>> shape = Shape('car', 'rectangle', [(1, 0), (2, 1)])
        >>> draw(Annotation(Path('a.jpg'), None, [shape]), (2, 4), {'car': 1}).tolist()
        [[0, 1, 1, 0], [0, 1, 1, 0]]
    """
    result = np.zeros(size, np.uint8)
    for shape in annotation.shapes:
        result[shape.mask(size)] = labels.get(shape.name, IGNORE)
    return result
