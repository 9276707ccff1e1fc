"""Pinhole camera above a flat street.

World axes, in metres: x to the right, y up from the ground, z along the road. Pixels: u to the right, v down.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Camera(NamedTuple):
    """Where the camera stands and what it sees.

    Args:
        height, width: Canvas size in pixels.
        focal: Focal length in pixels.
        horizon: Row of the horizon.
        centre: Column of the vanishing point of a straight road.
        eye: Height of the camera above the ground, in metres.
        bend: Curvature of the street: at depth z everything stands ``bend * z ** 2`` metres further to the right.
    """

    height: int
    width: int
    focal: float
    horizon: float
    centre: float
    eye: float
    bend: float

    def enlarge(self, factor: int) -> Camera:
        """The same view on a picture ``factor`` times as large."""
        sizes = (factor * size for size in self[:5])
        return Camera(*sizes, self.eye, self.bend)

    def scale(self, z: float) -> float:
        """Pixels per metre at depth ``z``."""
        return self.focal / z

    def project(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """World points to pixels.

        Args:
            x: To the right, in metres; an array or a number, as y and z, that broadcast against each other.
            y: Above the ground.
            z: Along the street.

        Returns:
            Integer array (..., 2) of columns and rows, fit for OpenCV.
        """
        u = self.centre + self.focal * (x / z + self.bend * z)
        v = self.horizon + self.focal * (self.eye - y) / z
        points = np.empty((*np.broadcast(u, v).shape, 2), np.int32)
        points[..., 0], points[..., 1] = np.rint(u), np.rint(v)
        return points

    def ground(self) -> tuple[int, np.ndarray, np.ndarray]:
        """The ground under every pixel below the horizon.

        Returns:
            The first row below the horizon, depths (rows, 1) and street coordinates x (rows, width), float32.
        """
        top = int(np.floor(self.horizon)) + 1
        rows = np.arange(top, self.height, dtype=np.float32)
        # through the middles of the pixels, hence the half
        z = (self.focal * self.eye / (rows - self.horizon + 0.5))[:, None].astype(np.float32)
        cols = np.arange(self.width, dtype=np.float32) - self.centre
        x = cols[None] * (z / self.focal) - self.bend * z * z
        return top, z, x.astype(np.float32)
