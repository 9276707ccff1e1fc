"""Houses along the street, and the skyline at its end."""

from __future__ import annotations

import numpy as np

from .stage import Stage
from .textures import noise_bytes

_WALLS = (
    (85, 110, 155),
    (60, 80, 145),
    (140, 170, 200),
    (175, 200, 215),
    (115, 135, 150),
    (105, 120, 130),
    (170, 165, 150),
    (105, 145, 190),
    (195, 185, 165),
    (80, 95, 115),
)
_GLASS = ((95, 80, 65), (60, 55, 50), (150, 135, 115), (35, 35, 40), (190, 180, 165))
_ROOFS = ((70, 75, 85), (60, 70, 115), (85, 80, 80))


def draw_house(stage: Stage, side: int, x: float, near: float, far: float, height: float, corner: bool) -> None:
    """A house whose facade stands along the street.

    Args:
        stage: Where to paint.
        side: -1 left of the camera, 1 right.
        x: Where the facade stands, in metres.
        near: Its nearer end along the street.
        far: Its farther end.
        height: Height of the wall.
        corner: Whether nothing stands before its front wall.
    """
    wall = stage.pick(_WALLS)
    shade = stage.light.face(side)
    depth = 8.0 * side
    front = stage.camera.project(x + depth * np.array([0, 1, 1, 0]), height * np.array([0, 0, 1, 1]), near)
    facade = stage.camera.project(x, height * np.array([0, 0, 1, 1]), np.array([near, far, far, near]))
    noise = noise_bytes(4)[stage.rng.randint(400) :]
    if stage.rng.rand() < 0.5:
        _draw_roof(stage, side, x, near, far, height)
    middle = 0.5 * (near + far)
    for polygon, factor, z in ((facade, shade, middle), (front, 0.85, near)):
        stage.canvas.fill(polygon, stage.light.shade(wall, z, factor), 'building')
        stage.canvas.roughen(polygon, noise, 0.35)
    if middle < 45:
        _draw_openings(stage, x, near, far, height, shade)
        if corner:
            _draw_front_windows(stage, x, depth, near, height)


def _draw_roof(stage: Stage, side: int, x: float, near: float, far: float, height: float) -> None:
    """A pitched roof, its ridge along the street."""
    rise = stage.rng.uniform(1.5, 3.5)
    over = 0.4 * side
    z = np.array([near, far, far, near])
    slope = stage.camera.project(
        x + np.array([-over, -over, 4 * side, 4 * side]), height + rise * (z * 0 + [0, 0, 1, 1]), z
    )
    gable = stage.camera.project(x + side * np.array([0, 8, 4]), height + rise * np.array([0, 0, 1]), near)
    colour = stage.pick(_ROOFS)
    stage.canvas.fill(slope, stage.light.shade(colour, 0.5 * (near + far), stage.light.face(side)), 'building')
    stage.canvas.fill(gable, stage.light.shade(colour, near, 0.9), 'building')


def _draw_openings(stage: Stage, x: float, near: float, far: float, height: float, shade: float) -> None:
    """Rows of windows on the facade, and a band of shop windows or doors on the ground floor."""
    rng, z = stage.rng, 0.5 * (near + far)
    storey, bay = rng.uniform(2.7, 3.4), rng.uniform(1.8, 3.2)
    floors, bays = max(int(height / storey), 1), max(int((far - near) / bay), 1)
    share = rng.uniform(0.35, 0.6)
    step = (far - near) / bays
    starts = near + step * (np.arange(bays) + 0.5 * (1 - share))
    glass = stage.light.shade(stage.pick(_GLASS), z, shade)
    frame = stage.light.shade(stage.pick(_WALLS), z, shade)
    start, low = (grid.ravel() for grid in np.meshgrid(starts, storey * np.arange(floors) + 0.9))
    end, high = start + step * share, np.minimum(low + 1.4, height - 0.2)
    if rng.rand() < 0.6 and z < 30:
        stage.canvas.tile(_panels(stage, x, start - 0.12, end + 0.12, low - 0.12, high + 0.12), frame)
    stage.canvas.tile(_panels(stage, x, start, end, low, high), glass)
    if rng.rand() < 0.4:
        shop = stage.light.shade(stage.pick(_GLASS), z, shade)
        stage.canvas.tile(_panels(stage, x, *np.array([[near + 0.5], [far - 0.5], [0.3], [2.4]])), shop)


def _panels(
    stage: Stage, x: float, start: np.ndarray, end: np.ndarray, low: np.ndarray, high: np.ndarray
) -> np.ndarray:
    """Corners (n, 4, 2) of n rectangles on the facade, from arrays (n,) of their ends and heights."""
    z, y = np.stack([start, end, end, start], -1), np.stack([low, low, high, high], -1)
    return stage.camera.project(x, y, z)


def _draw_front_windows(stage: Stage, x: float, depth: float, near: float, height: float) -> None:
    """Windows on the wall that faces the camera."""
    glass = stage.light.shade(stage.pick(_GLASS), near, 0.85)
    low = np.arange(0.9, height - 1.6, 3.0)[:, None, None]
    left = x + depth * np.array([0.15, 0.42, 0.7])[:, None]
    quads = stage.camera.project(left + 0.14 * depth * np.array([0, 1, 1, 0]), low + np.array([0, 0, 1.4, 1.4]), near)
    stage.canvas.tile(quads.reshape(-1, 4, 2), glass)


def draw_skyline(stage: Stage, z: float = 90.0) -> None:
    """Far houses and trees that hide the horizon."""
    x = -90.0
    while x < 90:
        width = stage.rng.uniform(6, 22)
        height = stage.rng.uniform(2, 16)
        if stage.rng.rand() < 0.5:
            box = [(0, 0), (width, 0), (width, height), (0, height)]
            colour = stage.light.shade(stage.pick(_WALLS), z * 0.7)
            stage.canvas.fill(stage.upright(box, x, z), colour, 'building')
        else:
            angle = np.linspace(0, np.pi, 12)
            lumps = 1 + 0.2 * stage.rng.uniform(-1, 1, 12)
            crown = np.stack([0.5 * width * (1 + 1.2 * np.cos(angle)), 0.6 * height * np.sin(angle) * lumps], -1)
            colour = stage.light.shade(stage.pick(((50, 80, 70),), 20), z * 0.7)
            stage.canvas.fill(stage.upright(crown, x, z), colour, 'tree')
        x += width * stage.rng.uniform(0.6, 1.1)
