"""The picture and its labels, painted together from back to front."""

from __future__ import annotations

import cv2
import numpy as np

from ..classes import CAMVID_METAINFO, VOID

LABELS = {name: i for i, name in enumerate(CAMVID_METAINFO['classes'])}
LABELS['void'] = VOID


class Canvas:
    """A picture in the making, larger than the final one so that its edges come out smooth.

    Args:
        backdrop: Picture (H, W, 3) to start from, uint8, of the final size.
        labels: Its labels (H, W), uint8.
        oversample: Canvas pixels per final pixel, along each axis.
    """

    def __init__(self, backdrop: np.ndarray, labels: np.ndarray, oversample: int = 2) -> None:
        size = (backdrop.shape[1] * oversample, backdrop.shape[0] * oversample)
        self.oversample = oversample
        self.image = cv2.resize(backdrop, size, interpolation=cv2.INTER_LINEAR)
        self.label = cv2.resize(labels, size, interpolation=cv2.INTER_NEAREST)

    def fill(self, polygon: np.ndarray, colour: tuple | None, label: str | None) -> None:
        """Fills a polygon, int32 (points, 2); None leaves the picture or the labels as they are."""
        points = [polygon.reshape(-1, 1, 2)]
        if colour is not None:
            cv2.fillPoly(self.image, points, colour)
        if label is not None:
            cv2.fillPoly(self.label, points, LABELS[label])

    def tile(self, polygons: np.ndarray, colour: tuple) -> None:
        """Paints n polygons that do not overlap, int32 (n, points, 2); the labels stay."""
        cv2.fillPoly(self.image, list(polygons), colour)

    def hull(self, points: np.ndarray, colour: tuple, label: str | None) -> None:
        """Fills the convex hull of points (..., 2): the outline of a solid."""
        self.fill(cv2.convexHull(points.reshape(-1, 2)), colour, label)

    def ellipse(
        self, centre: np.ndarray, axes: tuple, colour: tuple | None, label: str | None, angle: float = 0.0
    ) -> None:
        """Fills an ellipse of half axes ``axes`` in pixels; ``colour=None`` leaves the picture as it is."""
        args = (tuple(int(c) for c in centre), tuple(max(round(a), 1) for a in axes), float(angle), 0, 360)
        if colour is not None:
            cv2.ellipse(self.image, *args, colour, -1)
        if label is not None:
            cv2.ellipse(self.label, *args, LABELS[label], -1)

    def line(self, start: np.ndarray, end: np.ndarray, width: float, colour: tuple, label: str | None) -> None:
        """Draws a thick line with round ends, ``width`` in pixels."""
        args = (tuple(int(c) for c in start), tuple(int(c) for c in end))
        thickness = max(round(width), 1)
        cv2.line(self.image, *args, colour, thickness)
        if label is not None:
            cv2.line(self.label, *args, LABELS[label], thickness)

    def ring(self, points: np.ndarray, width: float, colour: tuple, label: str | None) -> None:
        """Draws a closed line ``width`` pixels thick through points (n, 2)."""
        points, thickness = points.reshape(-1, 1, 2), max(round(width), 1)
        cv2.polylines(self.image, [points], True, colour, thickness)
        if label is not None:
            cv2.polylines(self.label, [points], True, LABELS[label], thickness)

    def window(self, points: np.ndarray) -> tuple[slice, slice] | None:
        """Rows and columns around points (..., 2), cut to the canvas; None where nothing is left."""
        flat = points.reshape(-1, 2)
        left, top = np.maximum(flat.min(0), 0)
        right, bottom = np.minimum(flat.max(0) + 1, (self.image.shape[1], self.image.shape[0]))
        return (slice(top, bottom), slice(left, right)) if left < right and top < bottom else None

    def roughen(self, points: np.ndarray, noise: np.ndarray, strength: float) -> None:
        """Multiplies the picture inside a polygon (points, 2) by ``1 + strength * (noise / 256 - 0.5)``.

        Args:
            points: Corners of the polygon.
            noise: Field (h, w), uint8, repeated over the polygon's window.
            strength: Relative depth of the texture.
        """
        window = self.window(points)
        if window is None or min(s.stop - s.start for s in window) < 8:
            return  # too small for a texture to be seen
        rows, cols = (np.arange(s.start, s.stop) % side for s, side in zip(window, noise.shape))
        table = np.clip(128 + 0.5 * strength * (np.arange(256) - 128.0), 0, 255).astype(np.uint8)
        self._multiply(window, points, table[noise[rows[:, None], cols]])

    def darken(self, points: np.ndarray, factor: float) -> None:
        """Multiplies the picture inside a polygon (points, 2) by ``factor`` in 0..1."""
        window = self.window(points)
        if window is not None:
            shape = [s.stop - s.start for s in window]
            self._multiply(window, points, np.full(shape, int(128 * factor), np.uint8))

    def _multiply(self, window: tuple[slice, slice], points: np.ndarray, factor: np.ndarray) -> None:
        """Multiplies a window of the picture by ``factor / 128`` (uint8) inside the polygon, by 1 outside."""
        mask = np.zeros(factor.shape, np.uint8)
        cv2.fillPoly(mask, [points.reshape(-1, 1, 2)], 1, offset=(-window[1].start, -window[0].start))
        # 128 stands for 1: bytes take a quarter of the memory of floats
        factor[mask == 0] = 128
        patch = self.image[window]
        patch[:] = cv2.multiply(patch, cv2.merge([factor, factor, factor]), scale=1 / 128)

    def finish(self) -> tuple[np.ndarray, np.ndarray]:
        """The final picture (H, W, 3) and labels (H, W), both uint8; the picture is averaged, the labels are picked."""
        step = self.oversample
        height, width = (side // step for side in self.label.shape)
        image = cv2.resize(self.image, (width, height), interpolation=cv2.INTER_AREA)
        # the middle one of each cell, as a mean of labels is no label
        return image, np.ascontiguousarray(self.label[step // 2 :: step, step // 2 :: step])
