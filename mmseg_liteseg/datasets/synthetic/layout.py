"""Who stands where: draws the things of a scene and the depths at which they are painted."""

from __future__ import annotations

from functools import partial
from typing import Callable, Tuple

import numpy as np

from . import cars, furniture, greenery, houses, people
from .ground import Street

Thing = Tuple[float, Callable]
"""Depth that decides the order of painting, and a painter that takes a Stage."""

FAR = 70.0
"""Depth up to which houses and gardens line the street, in metres."""


def _depth(rng: np.random.RandomState, x: float, near: float, far: float) -> float:
    """A depth at which ``x`` is in view, between near and far: each doubling of the distance is as likely."""
    near = max(near, 2.4 * abs(x))
    return float(near * max(far / near, 1.0) ** rng.rand())


def _garden(rng: np.random.RandomState, x: float, side: int, near: float, far: float) -> list[Thing]:
    """Trees and bushes beyond the sidewalk, most of the time behind a fence or a hedge."""
    things = []
    for _ in range(rng.randint(1, 4)):
        z, aside = rng.uniform(near, far), x + side * rng.uniform(1.5, 6)
        painter = greenery.draw_tree if rng.rand() < 0.7 else greenery.draw_bush
        height = rng.uniform(4, 9) if painter is greenery.draw_tree else rng.uniform(1, 2.2)
        # a garden is painted behind its fence, its own trees from back to front
        things.append((far + 0.1 + z * 1e-3, partial(painter, x=aside, z=max(z, 3.0), height=height)))
    border = rng.rand()
    if border < 0.85 and near < 22:
        fence = partial(furniture.draw_fence, x=x, near=near, far=far, height=rng.uniform(1.3, 2.4))
        things.append((far, fence))
    elif border < 0.95:
        things.append((far, partial(greenery.draw_hedge, x=x, near=near, far=far, height=rng.uniform(0.9, 2.0))))
    return things


def _rail(rng: np.random.RandomState, x: float, near: float, far: float) -> Thing:
    """A low fence along the street."""
    return far, partial(furniture.draw_fence, x=x, near=near, far=far, height=rng.uniform(1.0, 1.5))


def line_street(rng: np.random.RandomState, x: float, side: int) -> list[Thing]:
    """Houses, gardens and gaps along one side of the street; ``x`` is the outer edge of its sidewalk."""
    things, near, corner = [], rng.uniform(1.2, 3.0), True
    built_up = rng.uniform(0.2, 0.75)
    while near < FAR:
        far = near + rng.uniform(5, 14)
        kind = rng.rand()
        if kind < built_up:
            set_back = side * rng.choice([0.0, 0.0, 0.0, rng.uniform(0.5, 3.0)])
            height = rng.uniform(4.0, 14.0)
            house = partial(
                houses.draw_house, side=side, x=x + set_back, near=near, far=far, height=height, corner=corner
            )
            things.append((far, house))
            if near < 20 and rng.rand() < 0.25:
                things.append(_rail(rng, x, near, far))
        elif kind < built_up + 0.85 * (1 - built_up):
            things += _garden(rng, x, side, near, far)
        near, corner = far, kind >= built_up
    return things


def _on_sidewalk(rng: np.random.RandomState, street: Street) -> tuple[float, int]:
    """A place across the street on one of the sidewalks, and its side."""
    outer_left, left, right, outer_right = street.edges
    if rng.rand() < 0.5:
        return rng.uniform(outer_left + 0.3, left - 0.3), -1
    return rng.uniform(right + 0.3, outer_right - 0.3), 1


def _at_kerb(rng: np.random.RandomState, street: Street) -> tuple[float, int]:
    """A place just behind one of the kerbs, and its side."""
    side = int(rng.choice([-1, 1]))
    return (street.edges[1] - 0.45, -1) if side < 0 else (street.edges[2] + 0.45, 1)


def place_furniture(rng: np.random.RandomState, street: Street) -> list[Thing]:
    """Poles, signs, traffic lights, street trees, guard rails and bins."""
    things = []
    for _ in range(rng.randint(1, 4)):
        x, side = _at_kerb(rng, street)
        z = _depth(rng, x, 4.5, 12)
        arm = -side * rng.uniform(0.8, 2.2) if rng.rand() < 0.5 else 0.0
        height, width = rng.uniform(4.5, 8.0), rng.uniform(0.26, 0.42)
        things.append((z, partial(furniture.draw_pole, x=x, z=z, height=height, width=width, arm=arm)))
    for _ in range(rng.randint(1, 4)):
        x, _ = _at_kerb(rng, street)
        z = _depth(rng, x, 4.5, 11)
        if rng.rand() < 0.25:
            things.append((z, partial(furniture.draw_traffic_light, x=x, z=z)))
        else:
            things.append((z, partial(furniture.draw_sign, x=x, z=z, size=rng.uniform(0.9, 1.5))))
    for _ in range(rng.randint(0, 4)):
        x, side = _at_kerb(rng, street)
        z = _depth(rng, x, 5, 30)
        height = rng.uniform(4.5, 9)
        things.append((z, partial(greenery.draw_tree, x=x + 0.4 * side, z=z, height=height)))
    for kerb in street.edges[1:3]:
        if rng.rand() < 0.3:
            near = max(2.0 * abs(kerb), rng.uniform(3, 9))
            things.append(_rail(rng, kerb * 1.08, near, near + rng.uniform(5, 12)))
    if rng.rand() < 0.5:
        x, _ = _on_sidewalk(rng, street)
        z = _depth(rng, x, 4, 12)
        things.append((z, partial(furniture.draw_bin, x=x, z=z)))
    return things


def _free_depth(rng: np.random.RandomState, taken: list[tuple], x: float, near: float, far: float) -> float | None:
    """A depth for a car at ``x`` that no other car in ``taken`` stands at; None after a few vain tries."""
    for _ in range(4):
        z = _depth(rng, 0.8 * x, near, far)
        if all(abs(x - other) > 1.9 or abs(z - depth) > 5.5 for other, depth in taken):
            taken.append((x, z))
            return z
    return None


def place_cars(rng: np.random.RandomState, street: Street) -> list[Thing]:
    """Parked, driving and crossing cars."""
    _, left, right, _ = street.edges
    things, taken = [], []
    for kerb, side in ((left, -1), (right, 1)):
        if rng.rand() < 0.5:
            for _ in range(rng.randint(1, 4)):
                x = kerb - side * 1.05
                z = _free_depth(rng, taken, x, 6 if abs(x) < 1.9 else 3.5, 24)
                if z is not None:
                    things.append((z, partial(cars.draw_car, x=x, z=z, oncoming=bool(rng.rand() < 0.3))))
    for _ in range(rng.randint(0, 3)):
        x = rng.uniform(left + 1.2, right - 1.2)
        z = _free_depth(rng, taken, x, 6.5, 22)
        if z is not None:
            things.append((z, partial(cars.draw_car, x=x, z=z, oncoming=x < 0)))
    if rng.rand() < 0.2:
        x, z = rng.uniform(left, right), _depth(rng, 0.0, 12, 35)
        things.append((z, partial(cars.draw_crossing_car, x=x, z=z)))
    return things


def place_people(rng: np.random.RandomState, street: Street) -> list[Thing]:
    """Pedestrians on the sidewalks, now and then on the road, and bicyclists on the road, now and then beside it."""
    _, left, right, _ = street.edges
    things = []
    for _ in range(rng.randint(2, 6)):
        x, _ = _on_sidewalk(rng, street)
        if rng.rand() < 0.2:
            x = rng.uniform(left, right)
        z = _depth(rng, x, 3.5, 8.5)
        things.append((z, partial(people.draw_pedestrian, x=x, z=z)))
    for _ in range(rng.randint(0, 3)):
        x = rng.uniform(left + 0.3, right - 0.3)
        if rng.rand() < 0.2:
            x, _ = _on_sidewalk(rng, street)
        z = _depth(rng, x, 4, 9)
        things.append((z, partial(people.draw_bicyclist, x=x, z=z)))
    return things
