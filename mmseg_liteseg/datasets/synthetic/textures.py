"""Noise fields that textures are cut from."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

SIZE = 512
"""Side of the stored noise fields, a power of two; they repeat beyond it."""


@lru_cache(maxsize=None)
def noise_field(octaves: int) -> np.ndarray:
    """A fixed noise field (SIZE, SIZE), float32, mean 0.5, deviation 0.16: octave 1 is white noise, each further one is
    twice as coarse and as strong as the one before it.
    """
    rng = np.random.RandomState(20220406 + octaves)
    total = np.zeros((SIZE, SIZE), np.float32)
    for octave in range(octaves):
        side = SIZE >> octave
        grid = rng.standard_normal((side, side)).astype(np.float32)
        # so that the field repeats without a seam
        grid = np.pad(grid, 2, mode='wrap')
        margin = 2 << octave
        fine = cv2.resize(grid, None, fx=1 << octave, fy=1 << octave, interpolation=cv2.INTER_LINEAR)
        total += fine[margin:-margin, margin:-margin] * (1 << octave)
    total -= total.mean()
    return np.clip(0.5 + total * (0.16 / total.std()), 0, 1)


@lru_cache(maxsize=None)
def noise_bytes(octaves: int) -> np.ndarray:
    """The same field as uint8, mean 128."""
    return np.rint(noise_field(octaves) * 255).astype(np.uint8)


@lru_cache(maxsize=None)
def circle(points: int) -> np.ndarray:
    """Points (points, 2) on the unit circle."""
    angle = np.arange(points) * (2 * np.pi / points)
    return np.stack([np.cos(angle), np.sin(angle)], -1)


def fractal_noise(rng: np.random.RandomState, height: int, width: int, octaves: int = 7) -> np.ndarray:
    """Cuts a random window (height, width) out of a noise field, float32 in 0..1."""
    top, left = rng.randint(SIZE, size=2)
    rows = (np.arange(height) + top) & (SIZE - 1)
    cols = (np.arange(width) + left) & (SIZE - 1)
    return noise_field(octaves)[rows[:, None], cols[None]]
