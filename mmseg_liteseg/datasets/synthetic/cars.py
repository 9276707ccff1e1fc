"""Cars and vans, seen from behind, from ahead or from the side."""

from __future__ import annotations

import numpy as np

from .stage import Stage
from .textures import circle

_PAINT = (
    (215, 215, 215),
    (40, 40, 42),
    (120, 122, 125),
    (165, 168, 170),
    (50, 45, 150),
    (130, 70, 40),
    (75, 95, 60),
    (90, 130, 160),
    (35, 30, 90),
    (180, 150, 100),
)
_GLASS = (70, 62, 55)
_TYRE = (32, 30, 30)


def _box(x: tuple, y: tuple, z: tuple) -> np.ndarray:
    """Corners (8, 3) of a box."""
    return np.array([(a, b, c) for a in x for b in y for c in z], np.float64)


def draw_car(stage: Stage, x: float, z: float, oncoming: bool) -> None:
    """A car or van that stands along the street; ``z`` is its nearer end."""
    rng, camera, canvas = stage.rng, stage.camera, stage.canvas
    van = rng.rand() < 0.2
    half, length = 0.5 * rng.uniform(1.7, 1.9), rng.uniform(3.7, 4.6)
    belt, roof = (1.15, rng.uniform(2.0, 2.5)) if van else (rng.uniform(0.85, 1.0), rng.uniform(1.4, 1.6))
    paint = stage.pick(_PAINT)
    middle = z + 0.5 * length

    ground = _box((x - half - 0.1, x + half + 0.1), (0,), (z - 0.1, z + length))
    canvas.hull(camera.project(*ground.T), stage.light.shade((28, 28, 30), z), None)
    body = _box((x - half, x + half), (0.28, belt), (z, z + length))
    canvas.hull(camera.project(*body.T), stage.light.shade(paint, middle, 0.78), 'car')
    ends = (0.02, 0.98) if van else ((0.12, 0.75) if not oncoming else (0.28, 0.95))
    low = _box((x - half + 0.06, x + half - 0.06), (belt,), (z + ends[0] * length, z + ends[1] * length))
    inset = 0.04 if van else 0.14
    top = _box(
        (x - half + 0.08 + inset, x + half - 0.08 - inset),
        (roof,),
        (z + (ends[0] + inset) * length, z + (ends[1] - inset) * length),
    )
    canvas.hull(camera.project(*np.concatenate([low, top]).T), stage.light.shade(paint, middle, 0.9), 'car')
    _draw_glass(stage, low, top, x)
    _draw_side_wheels(stage, x - half if x > 0 else x + half, z, length)
    _draw_end(stage, x, z, half, belt, paint, oncoming)


def _draw_glass(stage: Stage, low: np.ndarray, top: np.ndarray, x: float) -> None:
    """Rear (or wind) screen and the side windows that the camera sees."""
    glass = stage.light.shade(stage.pick((_GLASS,), 30), low[0, 2])
    # corners come as (x, z): near left, far left, near right, far right
    for pick in ((0, 2), (0, 1) if x > 0 else (2, 3)):
        a, b = pick
        quad = np.array([low[a], low[b], top[b], top[a]])
        quad = quad.mean(0) + 0.84 * (quad - quad.mean(0))
        stage.canvas.fill(stage.camera.project(*quad.T), glass, 'car')


def _draw_side_wheels(stage: Stage, x: float, z: float, length: float) -> None:
    """The two wheels on the side that faces the camera."""
    along, up = circle(14).T
    for place in (0.18, 0.82):
        for radius, colour in ((0.33, _TYRE), (0.18, (135, 135, 135))):
            rim = stage.camera.project(x, 0.33 + radius * up, z + place * length + radius * along)
            stage.canvas.fill(rim, stage.light.shade(colour, z), 'car')


def _draw_end(stage: Stage, x: float, z: float, half: float, belt: float, paint: tuple, oncoming: bool) -> None:
    """The end that faces the camera: body, wheels, lamps, plate."""
    light, canvas = stage.light, stage.canvas

    def quad(left: float, right: float, low: float, high: float, colour: tuple) -> None:
        corners = [(left, low), (right, low), (right, high), (left, high)]
        canvas.fill(stage.upright(corners, x, z), light.shade(colour, z), 'car')

    for side in (-1, 1):
        inner, outer = sorted((side * half * 0.95, side * (half - 0.28)))
        quad(inner, outer, 0.0, 0.35, _TYRE)
    quad(-half, half, 0.26, belt, paint)
    quad(-half, half, 0.26, 0.42, tuple(0.6 * c for c in paint))
    lamp = (225, 235, 235) if oncoming else (45, 35, 190)
    for side in (-1, 1):
        inner, outer = sorted((side * half * 0.95, side * half * 0.6))
        quad(inner, outer, belt - 0.32, belt - 0.14, lamp)
    quad(-0.26, 0.26, 0.46, 0.58, (215, 215, 215) if oncoming else (60, 200, 230))


def draw_crossing_car(stage: Stage, x: float, z: float) -> None:
    """A car seen from the side, about to cross the street."""
    mirror = stage.rng.choice([-1.0, 1.0])
    paint, scale = stage.pick(_PAINT), stage.camera.scale(z)
    roof = stage.rng.uniform(1.4, 1.75)
    body = [(-2.1, 0.3), (2.1, 0.3), (2.15, 0.75), (1.1, 0.95), (0.45, roof), (-1.4, roof), (-2.0, 0.95), (-2.15, 0.8)]
    stage.cast_shadow(x, z, 4.4, 1.2)
    stage.canvas.fill(stage.upright(body, x, z, mirror), stage.light.shade(paint, z), 'car')
    glass = stage.light.shade(_GLASS, z)
    for pane in (
        [(-0.35, 0.98), (0.9, 0.98), (0.4, roof - 0.1), (-0.35, roof - 0.1)],
        [(-1.75, 0.98), (-0.5, 0.98), (-0.5, roof - 0.1), (-1.35, roof - 0.1)],
    ):
        stage.canvas.fill(stage.upright(pane, x, z, mirror), glass, 'car')
    for place in (-1.3, 1.3):
        centre = stage.upright([(place, 0.33)], x, z, mirror)[0]
        for radius, colour in ((0.33, _TYRE), (0.18, (135, 135, 135))):
            stage.canvas.ellipse(centre, (radius * scale, radius * scale), stage.light.shade(colour, z), 'car')
