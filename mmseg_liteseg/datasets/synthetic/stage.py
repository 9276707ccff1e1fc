"""What every painter of a thing needs."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .camera import Camera
from .canvas import Canvas
from .light import Light
from .textures import circle


class Stage(NamedTuple):
    """Canvas, camera, light and the scene's random numbers."""

    canvas: Canvas
    camera: Camera
    light: Light
    rng: np.random.RandomState

    def pick(self, palette: tuple, spread: float = 12.0) -> tuple[float, float, float]:
        """Draws a BGR colour near one of the palette's."""
        colour = palette[self.rng.randint(len(palette))]
        return tuple(min(max(c + d, 5.0), 250.0) for c, d in zip(colour, self.rng.uniform(-spread, spread, 3)))

    def upright(self, points: list, x: float, z: float, mirror: float = 1.0) -> np.ndarray:
        """Projects points (metres right of ``x``, metres above the ground) of a flat thing that faces the camera."""
        local = np.asarray(points, np.float64).reshape(-1, 2)
        return self.camera.project(x + mirror * local[:, 0], local[:, 1], z)

    def cast_shadow(self, x: float, z: float, width: float, depth: float) -> None:
        """Darkens the ground under a thing: a flat ellipse around (x, z), in metres."""
        lean = -0.35 * width * self.light.sun
        across, along = 0.5 * circle(12).T
        points = self.camera.project(x + lean + width * across, 0.0, np.maximum(z + depth * along, 1.0))
        self.canvas.darken(points, 0.55)
