"""What the camera does to the picture: blur, exposure, colour cast, vignette, grain; and unsure label borders."""

from __future__ import annotations

import cv2
import numpy as np

from ..classes import VOID
from .textures import fractal_noise


def develop(image: np.ndarray, rng: np.random.RandomState) -> np.ndarray:
    """Turns a clean picture (H, W, 3) into a photograph of it, uint8."""
    height, width = image.shape[:2]
    sigma = rng.uniform(0.0, 0.6)
    if sigma > 0.25:
        image = cv2.GaussianBlur(image, (3, 3), sigma)
    out = image.astype(np.float32)
    contrast, lift = rng.uniform(0.88, 1.12), rng.uniform(-10, 10)
    cast = rng.uniform(0.96, 1.04, 3).astype(np.float32)
    out = (out - 118.0) * (contrast * cast) + (118.0 * cast + lift)
    y, x = np.ogrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    out *= (1 - rng.uniform(0, 0.15) * (x * x + y * y)).astype(np.float32)[..., None]
    grain = fractal_noise(rng, height, width, octaves=2) - 0.5
    out += (rng.uniform(3, 18) * grain)[..., None]
    return np.clip(out, 0, 255).astype(np.uint8)


def blur_borders(label: np.ndarray, rng: np.random.RandomState) -> np.ndarray:
    """Makes stretches of the borders between classes void, as annotators do; (H, W) uint8."""
    border = np.zeros(label.shape, bool)
    border[:, 1:] |= label[:, 1:] != label[:, :-1]
    border[1:] |= label[1:] != label[:-1]
    unsure = fractal_noise(rng, *label.shape) > rng.uniform(0.5, 0.8)
    return np.where(border & unsure, np.uint8(VOID), label)
