"""Trees, bushes and hedges."""

from __future__ import annotations

import numpy as np

from .stage import Stage
from .textures import circle, noise_bytes

_LEAVES = ((40, 100, 65), (35, 80, 50), (45, 120, 90), (40, 90, 80), (50, 115, 125), (40, 75, 45))
_BARK = ((55, 65, 80), (75, 85, 95), (45, 50, 60))


def _blob(stage: Stage, centre: np.ndarray, axes: tuple, points: int = 24) -> np.ndarray:
    """A ragged closed outline around ``centre``, in pixels."""
    radius = stage.rng.uniform(0.84, 1.16, (points, 1))
    return np.rint(centre + circle(points) * axes * radius).astype(np.int32)


def _draw_leaves(stage: Stage, centre: np.ndarray, axes: tuple, z: float, tone: np.ndarray) -> None:
    """A crown: a dark mass, a few lit lumps in it, and leaf texture over all."""
    rng, light = stage.rng, stage.light
    outline = _blob(stage, centre, axes)
    stage.canvas.fill(outline, light.shade(tone, z, 0.8), 'tree')
    for _ in range(4 if z < 25 else 2):
        right, down = rng.uniform(-0.55, 0.55, 2)
        lit = 0.95 - 0.4 * down + 0.2 * light.sun * right
        spot = centre + np.array([axes[0] * right, axes[1] * down])
        lump = _blob(stage, spot, (0.42 * axes[0], 0.36 * axes[1]), 12)
        stage.canvas.fill(lump, light.shade(tone, z, lit), 'tree')
    noise = noise_bytes(3)[rng.randint(400) :, rng.randint(400) :]
    stage.canvas.roughen(outline, noise, 1.5 * float(np.exp(-z / light.reach)))


def draw_tree(stage: Stage, x: float, z: float, height: float) -> None:
    """A tree of ``height`` metres."""
    rng, scale = stage.rng, stage.camera.scale(z)
    base, fork = stage.upright([(0, 0), (rng.uniform(-0.2, 0.2), 0.45 * height)], x, z)
    stage.cast_shadow(x, z, 0.5 * height, 0.3 * height)
    thickness = rng.uniform(0.22, 0.42) * scale
    stage.canvas.line(base, fork, thickness, stage.light.shade(stage.pick(_BARK), z), 'tree')
    crown = 0.5 * height * rng.uniform(0.45, 0.65)
    centre = stage.upright([(0, 0.68 * height)], x, z)[0]
    _draw_leaves(stage, centre, (crown * scale, 0.33 * height * scale), z, stage.pick(_LEAVES, 18))


def draw_bush(stage: Stage, x: float, z: float, height: float) -> None:
    """A bush without a trunk, wider than high."""
    scale = stage.camera.scale(z)
    centre = stage.upright([(0, 0.42 * height)], x, z)[0]
    _draw_leaves(stage, centre, (0.8 * height * scale, 0.5 * height * scale), z, stage.pick(_LEAVES, 18))


def draw_hedge(stage: Stage, x: float, near: float, far: float, height: float) -> None:
    """A hedge along the street."""
    z = 0.5 * (near + far)
    quad = stage.camera.project(x, height * np.array([0, 0, 1, 1]), np.array([near, far, far, near]))
    colour = stage.light.shade(stage.pick(_LEAVES, 18), z, stage.light.face(1 if x > 0 else -1))
    stage.canvas.fill(quad, colour, 'tree')
    stage.canvas.roughen(quad, noise_bytes(3)[stage.rng.randint(400) :], 1.2)
