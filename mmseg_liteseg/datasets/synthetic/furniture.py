"""Poles, signs, traffic lights, fences and bins."""

from __future__ import annotations

import numpy as np

from .stage import Stage
from .textures import circle

_METAL = ((150, 150, 145), (60, 60, 58), (195, 195, 190), (55, 85, 50), (120, 130, 140))
_SIGNS = ((40, 35, 200), (190, 90, 30), (60, 130, 50), (225, 225, 225), (40, 190, 230), (70, 70, 70))
_FENCES = ((50, 105, 180), (60, 125, 205), (40, 85, 155), (75, 140, 215), (45, 95, 190))


def draw_pole(stage: Stage, x: float, z: float, height: float, width: float, arm: float = 0.0) -> None:
    """A pole; with ``arm`` (metres to the right) a street lamp."""
    paint = stage.pick(_METAL)
    colour = stage.light.shade(paint, z)
    half = 0.5 * width
    shaft = stage.upright([(-half, 0), (half, 0), (0.75 * half, height), (-0.75 * half, height)], x, z)
    stage.canvas.fill(shaft, colour, 'pole')
    light, dark = (stage.light.shade(paint, z, factor) for factor in (1.35, 0.6))
    for left, right, tone in ((-0.8, -0.3, light), (0.35, 1.0, dark)):  # round
        strip = [(left * half, 0), (right * half, 0), (0.75 * right * half, height), (0.75 * left * half, height)]
        stage.canvas.fill(stage.upright(strip, x, z), tone, None)
    if arm:
        top, tip = stage.upright([(0, height), (arm, height + 0.25)], x, z)
        stage.canvas.line(top, tip, 0.7 * width * stage.camera.scale(z), colour, 'pole')
        lamp = stage.upright([(-0.3, 0.35), (0.3, 0.35), (0.4, 0.15), (-0.4, 0.15)], 0, z)
        offset = tip - stage.upright([(0, 0.25)], 0, z)[0]
        stage.canvas.fill(lamp + offset, stage.light.shade((200, 215, 220), z), 'pole')


def draw_sign(stage: Stage, x: float, z: float, size: float) -> None:
    """A sign on its pole: a disc, triangle or board of ``size`` metres, with a rim and something on it."""
    rng, light = stage.rng, stage.light
    foot = rng.uniform(1.7, 2.4)
    draw_pole(stage, x, z, foot + 0.5 * size, rng.uniform(0.26, 0.34))
    r = 0.5 * size
    shape = (
        circle(20),
        np.array([(-1.1, -0.9), (1.1, -0.9), (0, 1.1)]),
        np.array([(-1, -0.7), (1, -0.7), (1, 0.7), (-1, 0.7)]) * rng.uniform(0.9, 1.3),
        np.array([(-0.7, -1), (0.7, -1), (0.7, 1), (-0.7, 1)]),
    )[rng.randint(4)] * r
    middle = np.array([0, foot + r])
    rim, face, mark = (stage.pick(_SIGNS) for _ in range(3))
    stage.canvas.fill(stage.upright(shape + middle, x, z), light.shade(rim, z), 'sign')
    stage.canvas.fill(stage.upright(shape * 0.72 + middle, x, z), light.shade(face, z), 'sign')
    bar = np.array([(-0.5, -0.15), (0.5, -0.15), (0.5, 0.15), (-0.5, 0.15)]) * r
    stage.canvas.fill(stage.upright(bar + middle, x, z), light.shade(mark, z), 'sign')


def draw_traffic_light(stage: Stage, x: float, z: float) -> None:
    """A traffic light: labelled as a sign, as CamVid's 11 classes do."""
    draw_pole(stage, x, z, 2.6, 0.3)
    box = stage.upright([(-0.4, 2.2), (0.4, 2.2), (0.4, 3.6), (-0.4, 3.6)], x, z)
    stage.canvas.fill(box, stage.light.shade((35, 35, 35), z), 'sign')
    lit = stage.rng.randint(3)
    for i, colour in enumerate(((60, 60, 235), (50, 200, 245), (110, 220, 60))):
        centre = stage.upright([(0, 3.3 - 0.4 * i)], x, z)[0]
        radius = 0.17 * stage.camera.scale(z)
        stage.canvas.ellipse(centre, (radius, radius), colour if i == lit else (45, 45, 45), 'sign')


def draw_fence(stage: Stage, x: float, near: float, far: float, height: float) -> None:
    """A fence along the street: boards, or bars that one sees through."""
    rng, z = stage.rng, 0.5 * (near + far)
    colour = stage.pick(_FENCES)
    factor = stage.light.face(1 if x > 0 else -1)
    quad = stage.camera.project(x, height * np.array([0, 0, 1, 1]), np.array([near, far, far, near]))
    boards = rng.rand() < 0.85
    if boards:
        stage.canvas.fill(quad, stage.light.shade(colour, z, factor), 'fence')
    else:
        _see_through(stage, quad)
    step = max(rng.uniform(0.3, 0.6), (far - near) / 40)
    bars = np.arange(near, far, step)
    width = (0.25 if boards else 0.45) * step
    tone = stage.light.shade(colour, z, factor * (0.6 if boards else 1.0))
    ends = np.stack([bars, bars + width, bars + width, bars], -1)
    quads = stage.camera.project(x, height * np.array([0, 0, 1, 1]), ends)
    stage.canvas.tile(quads, tone)
    for low in (0.15 * height, 0.8 * height):
        rail = stage.camera.project(x, low + np.array([0, 0, 0.12, 0.12]), np.array([near, far, far, near]))
        stage.canvas.fill(rail, tone, 'fence')


def _see_through(stage: Stage, quad: np.ndarray) -> None:
    """Labels the whole fence, but leaves what stands behind it to be seen, a little darker."""
    stage.canvas.darken(quad, 0.88)
    stage.canvas.fill(quad, None, 'fence')


def draw_bin(stage: Stage, x: float, z: float) -> None:
    """A litter bin, a box or a cone: none of the classes, hence void."""
    height, half = stage.rng.uniform(0.6, 1.1), stage.rng.uniform(0.2, 0.4)
    top = half * stage.rng.choice([0.3, 0.9, 1.1])
    shape = [(-half, 0), (half, 0), (top, height), (-top, height)]
    colour = stage.light.shade(stage.rng.uniform(20, 220, 3), z)
    stage.cast_shadow(x, z, 2 * half, 1.0)
    stage.canvas.fill(stage.upright(shape, x, z), colour, 'void')
