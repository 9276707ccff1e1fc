"""A street scene from three numbers."""

from __future__ import annotations

import numpy as np

from .camera import Camera
from .canvas import LABELS, Canvas
from .ground import paint_ground, sample_street
from .houses import draw_skyline
from .layout import line_street, place_cars, place_furniture, place_people
from .light import paint_sky, sample_light
from .photo import blur_borders, develop
from .stage import Stage

SPLITS = ('train', 'val', 'test')
"""Splits, each with scenes of its own."""


def _sample_camera(rng: np.random.RandomState, height: int, width: int) -> Camera:
    """Draws where the camera stands."""
    return Camera(
        height=height,
        width=width,
        focal=width * rng.uniform(1.0, 1.4),
        horizon=height * rng.uniform(0.36, 0.47),
        centre=width * rng.uniform(0.41, 0.59),
        eye=rng.uniform(1.5, 2.6),
        bend=rng.normal(0, 0.0015),
    )


def render_scene(seed: int, split: str, index: int, height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Paints a scene; the same arguments give the same scene everywhere.

    Args:
        seed: Seed of the data set.
        split: One of SPLITS.
        index: Number of the scene in its split.
        height: Height of the picture in pixels.
        width: Its width.

    Returns:
        Picture (height, width, 3), BGR, and labels (height, width), 0..10 or 255, both uint8.
    """
    # RandomState's numbers are frozen across numpy's versions, default_rng's are not
    rng = np.random.RandomState([seed, SPLITS.index(split), index])
    camera, light, street = _sample_camera(rng, height, width), sample_light(rng), sample_street(rng)
    backdrop, labels = paint_sky(camera, light, rng), np.full((height, width), LABELS['sky'], np.uint8)
    top, backdrop[top:], labels[top:] = paint_ground(camera, street, light)
    canvas = Canvas(backdrop, labels)
    stage = Stage(canvas, camera.enlarge(canvas.oversample), light, rng)
    draw_skyline(stage)
    things = line_street(rng, street.edges[0], -1) + line_street(rng, street.edges[3], 1)
    things += place_furniture(rng, street) + place_cars(rng, street) + place_people(rng, street)
    # painter's algorithm: what is nearer hides what is farther
    for _, paint in sorted(things, key=lambda thing: -thing[0]):
        paint(stage)

    image, label = canvas.finish()
    return develop(image, rng), blur_borders(label, rng)
