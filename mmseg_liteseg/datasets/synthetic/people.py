"""Pedestrians and bicyclists."""

from __future__ import annotations

import numpy as np

from .stage import Stage
from .textures import circle

_SKIN = ((140, 170, 215), (95, 125, 175), (60, 80, 120), (160, 190, 230))
_CLOTHES = ((60, 40, 170), (150, 60, 150), (120, 45, 105), (90, 70, 190), (160, 90, 190), (90, 40, 60))
_SPORTSWEAR = ((60, 230, 225), (60, 240, 190), (90, 240, 160), (40, 210, 235), (150, 245, 90))
_HAIR = ((25, 25, 30), (40, 60, 85), (90, 130, 160), (150, 150, 150))


def _limb(
    stage: Stage, points: list, x: float, z: float, width: float, colour: tuple, label: str, mirror: float
) -> None:
    """A chain of thick lines through points in metres."""
    pixels = stage.upright(points, x, z, mirror)
    for start, end in zip(pixels, pixels[1:]):
        stage.canvas.line(start, end, width * stage.camera.scale(z), colour, label)


def _draw_head(stage: Stage, x: float, y: float, z: float, hat: np.ndarray, label: str) -> None:
    """A face and the hair or helmet on it."""
    scale = stage.camera.scale(z)
    skin = stage.light.shade(stage.pick(_SKIN), z)
    stage.canvas.ellipse(stage.upright([(0, y)], x, z)[0], (0.12 * scale, 0.15 * scale), skin, label)
    crown = stage.upright([(0, y + 0.07)], x, z)[0]
    stage.canvas.ellipse(crown, (0.13 * scale, 0.1 * scale), stage.light.shade(hat, z), label)


def draw_pedestrian(stage: Stage, x: float, z: float) -> None:
    """Somebody on foot, standing or walking."""
    rng, light, label = stage.rng, stage.light, 'pedestrian'
    top = rng.uniform(1.55, 1.9) * (0.7 if rng.rand() < 0.1 else 1.0)
    k = top / 1.8
    coat, legs = (light.shade(stage.pick(_CLOTHES, 25), z) for _ in range(2))
    stride, swing = rng.uniform(0.04, 0.3), rng.uniform(0.05, 0.3)
    mirror = float(rng.choice([-1, 1]))
    stage.cast_shadow(x, z, 0.9, 0.8)
    for side in (-1, 1):
        leg = [(0.09 * side * k, 0.85 * k), (0.1 * side + 0.5 * side * stride, 0.4 * k), (side * stride, 0.05)]
        _limb(stage, leg, x, z, 0.22 * k, legs, label, mirror)
    low = rng.choice([0.8, 0.8, 0.55]) * k
    width = rng.uniform(0.26, 0.34)
    torso = [(-0.2, low), (0.2, low), (width, 1.36 * k), (0.12, 1.52 * k), (-0.12, 1.52 * k), (-width, 1.36 * k)]
    stage.canvas.fill(stage.upright(torso, x, z), coat, label)
    sleeve = tuple(int(0.85 * c) for c in coat)
    for side in (-1, 1):
        arm = [(width * side, 1.36 * k), (side * (width + 0.06), 1.05 * k), (side * (width + 0.3 * swing), 0.8 * k)]
        _limb(stage, arm, x, z, 0.14 * k, sleeve, label, mirror)
    if rng.rand() < 0.3:
        bag = [(0.2, 0.55), (0.48, 0.55), (0.48, 0.85), (0.2, 0.85)]
        stage.canvas.fill(stage.upright(bag, x, z, mirror), light.shade(rng.uniform(20, 200, 3), z), label)
    _draw_head(stage, x, 1.65 * k, z, stage.pick(_HAIR), label)


def _draw_bicycle(stage: Stage, x: float, z: float, turn: float, mirror: float) -> None:
    """Wheels and frame; ``turn`` is 1 seen from the side, 0 from behind."""
    scale, label = stage.camera.scale(z), 'bicyclist'
    tyre, frame = stage.light.shade((30, 30, 32), z), stage.light.shade(stage.rng.uniform(20, 220, 3), z)
    for hub in (-0.52 * turn, 0.52 * turn):
        wide = max(0.34 * turn, 0.05)
        pixels = stage.upright(circle(18) * (wide, 0.34) + (hub, 0.34), x, z, mirror)
        stage.canvas.fill(pixels, None, label)
        stage.canvas.ring(pixels, 0.07 * scale, tyre, label)
    bars = (
        [(-0.52, 0.34), (-0.05, 0.36), (0.38, 0.85), (-0.2, 0.82), (-0.05, 0.36)],
        [(0.52, 0.34), (0.36, 0.95), (0.44, 1.02)],
        [(-0.52, 0.34), (-0.2, 0.82), (-0.22, 0.92)],
    )
    for bar in bars:
        _limb(stage, [(turn * a, b) for a, b in bar], x, z, 0.06, frame, label, mirror)


def draw_bicyclist(stage: Stage, x: float, z: float) -> None:
    """A bicycle and its rider, along or across the street."""
    rng, light, label = stage.rng, stage.light, 'bicyclist'
    turn = rng.choice([0.12, 0.4, 0.7, 1.0])
    mirror = float(rng.choice([-1, 1]))
    coat = light.shade(stage.pick(_SPORTSWEAR, 20), z)
    legs = light.shade((40, 38, 36), z)
    stage.cast_shadow(x, z, 1.4 * max(turn, 0.4), 1.0)
    _draw_bicycle(stage, x, z, turn, mirror)
    broad = 0.17 + 0.12 * (1 - turn)
    for side in (-1, 1):
        spread = side * 0.14 * (1 - turn)
        knee = (turn * (0.22 + 0.08 * side) + 1.3 * spread, 0.62 + 0.12 * side)
        leg = [(-0.15 * turn + spread, 0.95), knee, (turn * (-0.02 + 0.12 * side) + spread, 0.32 + 0.12 * side)]
        _limb(stage, leg, x, z, 0.19, legs, label, mirror)
        arm = [(0.2 * turn + 1.6 * spread, 1.38), (0.3 * turn + 2.0 * spread, 1.15), (0.42 * turn + 1.8 * spread, 1.03)]
        _limb(stage, arm, x, z, 0.13, coat, label, mirror)
    lean = 0.22 * turn
    torso = [(-0.15 * turn - broad, 0.9), (-0.15 * turn + broad, 0.9), (lean + broad, 1.4), (lean - broad, 1.5)]
    stage.canvas.fill(stage.upright(torso, x, z, mirror), coat, label)
    helmet = rng.uniform(20, 235, 3) if rng.rand() < 0.6 else stage.pick(_HAIR)
    _draw_head(stage, x + mirror * 0.3 * turn, 1.66, z, helmet, label)
