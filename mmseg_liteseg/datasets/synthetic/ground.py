"""Road, sidewalks and verges: every pixel below the horizon is looked up on a flat street map."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .camera import Camera
from .canvas import LABELS
from .light import Light
from .textures import SIZE, noise_field

ROAD, SIDEWALK, KERB, VERGE = range(4)


class Street(NamedTuple):
    """Cross-section of the street, in metres from the camera, left to right, and what is painted on it.

    Args:
        edges: Outer left sidewalk edge, left kerb, right kerb, outer right sidewalk edge.
        colours: BGR colours of road, sidewalk, kerb and verge, (4, 3).
        verges: What lies beyond the sidewalk, left and right: 'tree' (grass) or 'sidewalk'.
        lanes: Places of the lane lines; dashed unless they are the first or last.
        crossing: Depth of a zebra crossing, or None.
        paint: BGR colour of the markings.
        shadow: How far the shadow of the sunny side's houses reaches from its kerb, in metres.
        noise: Where the textures are cut from.
    """

    edges: tuple
    colours: np.ndarray
    verges: tuple
    lanes: tuple
    crossing: float | None
    paint: tuple
    shadow: float
    noise: np.ndarray


def sample_street(rng: np.random.RandomState) -> Street:
    """Draws a street that the camera drives on."""
    left, right = -rng.uniform(1.8, 4.2), rng.uniform(1.8, 4.2)
    walks = rng.uniform(1.8, 5.0, 2)
    asphalt = np.full(3, rng.uniform(66, 96)) + rng.uniform(-6, 6, 3)
    paving = np.array([135, 158, 170]) + rng.uniform(-14, 26) + rng.uniform(-8, 8, 3)
    if rng.rand() < 0.4:  # brick red
        paving = np.array([90, 105, 155]) + rng.uniform(-15, 15, 3)
    grass = np.array([50, 118, 88]) + rng.uniform(-18, 18, 3)
    lanes = [rng.uniform(-0.8, 0.8)] if rng.rand() < 0.8 else []
    if rng.rand() < 0.35:
        lanes = [left + 0.35, *lanes, right - 0.35]
    return Street(
        edges=(left - walks[0], left, right, right + walks[1]),
        colours=np.stack([asphalt, paving, paving * 1.12 + 12, grass]),
        verges=tuple(rng.choice(['tree', 'sidewalk'], 2)),
        lanes=tuple(lanes),
        crossing=rng.uniform(7, 22) if rng.rand() < 0.25 else None,
        paint=(180, 215, 225) if rng.rand() < 0.2 else (222, 224, 226),
        shadow=rng.uniform(0.5, 6.0),
        noise=rng.randint(SIZE, size=6),
    )


def _zones(street: Street, x: np.ndarray) -> np.ndarray:
    """Zone of every ground pixel: ROAD, SIDEWALK, KERB or VERGE."""
    outer_left, left, right, outer_right = street.edges
    zone = np.full(x.shape, VERGE, np.uint8)
    zone[(x > outer_left) & (x < outer_right)] = SIDEWALK
    for side, label in zip((x < outer_left, x > outer_right), street.verges):
        if label == 'sidewalk':
            zone[side] = SIDEWALK
    zone[(x > left - 0.25) & (x < right + 0.25)] = KERB
    zone[(x > left) & (x < right)] = ROAD
    return zone


def _markings(street: Street, x: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Where paint lies on the road."""
    mask = np.zeros(x.shape, bool)
    for lane in street.lanes:
        line = np.abs(x - lane) < 0.09
        solid = lane < street.edges[1] + 1 or lane > street.edges[2] - 1
        mask |= line if solid else line & (np.mod(z, 5.0) < 2.6)
    if street.crossing is not None:
        band = (z > street.crossing) & (z < street.crossing + 2.6)
        mask |= band & (np.mod(x, 1.1) < 0.55)
    return mask


def _texture(street: Street, x: np.ndarray, z: np.ndarray, zone: np.ndarray) -> np.ndarray:
    """Brightness factor of the surfaces: grain, worn patches, and joints between the slabs of the sidewalk."""
    a, b, c, d, _, _ = street.noise
    grain = noise_field(2)[(x * 23 + a).astype(np.int32) & (SIZE - 1), (z * 23 + b).astype(np.int32) & (SIZE - 1)]
    patch = noise_field(6)[(x * 9 + c).astype(np.int32) & (SIZE - 1), (z * 5 + d).astype(np.int32) & (SIZE - 1)]
    factor = 1 + 0.22 * np.exp(-z / 14) * (grain - 0.5) + 0.35 * (patch - 0.5)
    joints = (zone == SIDEWALK) & ((np.mod(x, 0.9) < 0.07) | (np.mod(z, 0.9) < 0.1)) & (z < 13)
    factor[joints] *= 0.86
    return factor


def _shadows(street: Street, light: Light, x: np.ndarray, z: np.ndarray) -> np.ndarray | float:
    """Brightness factor of the shadows that houses and leaves throw from the side of the sun."""
    if light.sun == 0:
        return 1.0
    edge = street.edges[1] + street.shadow if light.sun < 0 else street.edges[2] - street.shadow
    e, f = street.noise[4:]
    ragged = 3.0 * (noise_field(7)[(z * 6 + e).astype(np.int32) & (SIZE - 1), f] - 0.5)
    dark = (x - edge - ragged) * light.sun > 0
    return np.where(dark, np.float32(0.62), np.float32(1.0))


def paint_ground(camera: Camera, street: Street, light: Light) -> tuple[int, np.ndarray, np.ndarray]:
    """Paints everything below the horizon.

    Returns:
        The first row below the horizon; picture (rows, width, 3) and labels (rows, width), both uint8.
    """
    top, z, x = camera.ground()
    zone = _zones(street, x)
    factor = _texture(street, x, z, zone) * _shadows(street, light, x, z)
    colours = street.colours * np.asarray(light.gain)
    image = colours.astype(np.float32)[zone]
    image[(zone == ROAD) & _markings(street, x, z)] = np.asarray(street.paint) * light.gain
    image *= factor[..., None]
    fade = np.exp(-z / light.reach)[..., None]
    image = np.minimum(image, 255) * fade + np.asarray(light.haze, np.float32) * (1 - fade)
    labels = [LABELS[name] for name in ('road', 'sidewalk', 'sidewalk', 'tree')]
    return top, image.astype(np.uint8), np.array(labels, np.uint8)[zone]
