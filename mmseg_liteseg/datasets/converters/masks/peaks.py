"""Finds the labels in masks that were saved as JPEG, resized or anti-aliased: the values of their flat areas."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from .decode import unpack
from .survey import MaskSurvey

_RADIUS = {'values': 32.0, 'colours': 60.0}
"""Values of one label of a lossy mask lie within this distance of each other."""
# How far smoothing and noise move a value from its label; how far apart two labels must be to believe so.
_NEAR = {'values': 24.0, 'colours': 40.0}
_APART = {'values': 16.0, 'colours': 40.0}
_RARE = 2e-4
"""A label of an unclean mask must hold this share of the flat pixels; less is noise."""
_MANY_NEAR = 8
# More codes than labels can have are no clean mask.
_MAX_CLEAN = 255


@dataclass
class Peaks:
    """Codes that are labels, whether others are to be rounded to them, and the share of pixels that will be."""

    codes: list[int]
    rounded: bool
    share: float


def find_peaks(survey: MaskSurvey) -> Peaks:
    """Tells labels from what lossy formats, resizing and smoothing put between them.

    A clean mask's codes are all labels. In an unclean one labels are those of areas of 3x3 equal pixels, the rest lies
    between two of them, or close to one.
    """
    codes = np.array(sorted(survey.counts))
    kind = 'colours' if survey.kind == 'colours' else 'values'
    if survey.lossy or len(codes) > _MAX_CLEAN:
        return _lossy(survey, codes, kind)
    solid = _solid(survey.flat, codes)
    rest = np.setdiff1d(codes, solid)
    if len(solid) >= 2 and len(rest) >= 2 and _explained(rest, solid, kind):
        return _rounded(survey, solid)
    return Peaks(codes.tolist(), False, 0.0)


def points(codes: np.ndarray, kind: str) -> np.ndarray:
    """Codes as points (N, 1) or (N, 3), float."""
    return (unpack(codes) if kind == 'colours' else np.asarray(codes)[:, None]).astype(float)


def nearest(codes: np.ndarray, labels: np.ndarray, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Position of the label next to each code, and the distance."""
    difference = points(codes, kind)[:, None] - points(labels, kind)[None]
    distance = np.sqrt((difference**2).sum(-1))
    position = distance.argmin(1)
    return position, distance[np.arange(len(codes)), position]


def _solid(flat: Counter, codes: np.ndarray) -> np.ndarray:
    total = sum(flat.values())
    return np.array([code for code in codes.tolist() if flat[code] > _RARE * total], dtype=np.int64)


def _rounded(survey: MaskSurvey, labels: np.ndarray) -> Peaks:
    exact = sum(survey.counts[code] for code in labels.tolist())
    return Peaks(sorted(labels.tolist()), True, 1 - exact / survey.total)


def _explained(rest: np.ndarray, solid: np.ndarray, kind: str) -> bool:
    """Whether smoothing or noise alone made the codes that fill no area. Ids lie too close together for that."""
    where = points(solid, kind)
    gaps = np.sqrt(((where[:, None] - where[None]) ** 2).sum(-1))
    if gaps[gaps > 0].min() < _APART[kind]:
        return False
    near = nearest(rest, solid, kind)[1] <= _NEAR[kind]
    between = _between(points(rest, kind), where)
    return bool((near | between).all()) and ((~near).sum() >= 2 or near.sum() >= _MANY_NEAR)


def _between(inner: np.ndarray, ends: np.ndarray, tolerance: float = 12.0) -> np.ndarray:
    """Whether each point lies near the line between some two of the ends."""
    result = np.zeros(len(inner), bool)
    for i in range(len(ends)):
        for j in range(i):
            line = ends[j] - ends[i]
            along = np.clip(((inner - ends[i]) @ line) / (line @ line), 0, 1)
            result |= np.abs(inner - (ends[i] + along[:, None] * line)).max(1) <= tolerance
    return result


def _lossy(survey: MaskSurvey, codes: np.ndarray, kind: str) -> Peaks:
    """Takes the commonest code of the flat areas, then the commonest that is far from those taken, and so on."""
    table = survey.flat or survey.counts
    spread = points(codes, kind)
    # all within two radii: a JPEG of few small ids, of which each is a label
    radius = _RADIUS[kind] if (spread.max(0) - spread.min(0)).max() >= 2 * _RADIUS[kind] else 0.5
    total = sum(table.values())
    labels: list[int] = []
    for code, count in table.most_common():
        if labels and nearest(np.array([code]), np.array(labels), kind)[1][0] <= radius:
            continue
        # commonest first, so all that follow are rarer still
        if count <= _RARE * total or len(labels) > _MAX_CLEAN:
            break
        labels.append(code)
    return _rounded(survey, np.array(labels))
