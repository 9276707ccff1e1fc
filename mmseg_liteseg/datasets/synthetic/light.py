"""Daylight, haze and the sky of one scene."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from .camera import Camera
from .textures import fractal_noise

Colour = tuple  # BGR, 0..255


class Light(NamedTuple):
    """How the scene is lit.

    Args:
        gain: Colour of the light as a factor per BGR channel.
        haze: BGR colour that far things fade to.
        reach: Depth in metres over which a thing fades to 37 % of its own colour.
        sun: Side the sun stands on, -1 left, 1 right; 0 overcast, without hard shadows.
        zenith: BGR colour of the top of the sky.
        clouds: Share of the sky under clouds, 0..1.
    """

    gain: tuple
    haze: tuple
    reach: float
    sun: int
    zenith: tuple
    clouds: float

    def shade(self, colour: Colour, z: float, factor: float = 1.0) -> tuple[int, int, int]:
        """Colour of a surface under this light at depth ``z``, as OpenCV wants it."""
        fade = math.exp(-z / self.reach)
        near, far = factor * fade, 1 - fade
        b, g, r = (min(c * k * near, 255.0 * fade) + h * far for c, k, h in zip(colour, self.gain, self.haze))
        return int(b), int(g), int(r)

    def face(self, side: int) -> float:
        """Brightness of a vertical surface on the given side of the street (it faces the other way)."""
        return 1.0 if self.sun == 0 else (1.08 if side != self.sun else 0.72)


# zenith, haze (both BGR), gain: clear blue, pale, overcast, evening, rainy grey
_MOODS = (
    ((205, 140, 80), (225, 205, 180), (0.97, 1.0, 1.05)),
    ((225, 190, 150), (235, 225, 215), (1.0, 1.0, 1.0)),
    ((190, 185, 180), (215, 212, 208), (0.92, 0.9, 0.88)),
    ((190, 140, 120), (170, 195, 232), (0.86, 0.95, 1.08)),
    ((165, 160, 155), (190, 187, 182), (0.82, 0.8, 0.78)),
)
_SUNNY = (True, True, False, True, False)


def sample_light(rng: np.random.RandomState) -> Light:
    """Draws the weather of a scene."""
    mood = rng.randint(len(_MOODS))
    zenith, haze, gain = (np.asarray(c, np.float64) for c in _MOODS[mood])
    sun = int(rng.choice([-1, 1])) if _SUNNY[mood] else 0
    return Light(
        gain=tuple((gain * rng.uniform(0.85, 1.12)).tolist()),
        haze=tuple(np.clip(haze + rng.uniform(-12, 12, 3), 0, 250).tolist()),
        reach=rng.uniform(200, 450),
        sun=sun,
        zenith=tuple(np.clip(zenith + rng.uniform(-15, 15, 3), 0, 250).tolist()),
        clouds=rng.uniform(0.0, 0.9),
    )


def paint_sky(camera: Camera, light: Light, rng: np.random.RandomState) -> np.ndarray:
    """A whole picture (camera.height, camera.width, 3) of sky, uint8: a gradient from zenith to haze, and clouds."""
    t = np.arange(camera.height, dtype=np.float32) / max(camera.horizon, 1.0)
    t = np.clip(t, 0, 1)[:, None, None] ** 1.3
    zenith, haze = (np.asarray(colour, np.float32) for colour in (light.zenith, light.haze))
    sky = zenith * (1 - t) + haze * t
    noise = fractal_noise(rng, camera.height, camera.width)[..., None]
    cover = np.clip((noise - 0.5) * 3 + (light.clouds - 0.45), 0, 1) * (0.85 - 0.5 * t)
    return np.clip(sky + (haze * 0.55 + 110.0 - sky) * cover, 0, 255).astype(np.uint8)
