"""The labelled images of a folder, whatever their labels are stored as."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

import numpy as np
from PIL import Image

from mmseg_liteseg.datasets.converters.masks import ClassRow
from mmseg_liteseg.images.orientation import turn
from mmseg_liteseg.inspection import ImageFacts

_SAME_SHAPE = 0.02
"""Masks whose sides' ratio differs by less were resized along with their image."""


@dataclass
class Sample:
    """An image with a label.

    Attributes:
        image: Relative to the folder.
        name: Unique; the image's path without its suffix.
        split: train, val, test, or '' where nothing is said.
        label_size: Height and width of the label as stored.
        counts: Pixels by label (256,).
        mask: The stored mask, if a single file holds it.
        facts: What the image is like.
    """

    image: Path
    name: str
    split: str
    label_size: tuple[int, int]
    counts: np.ndarray
    mask: Path | None = None
    facts: ImageFacts | None = None


@dataclass
class LabelledFolder:
    """All samples of a folder.

    Attributes:
        root: The folder.
        layout: In words, for the user.
        classes: Class i has label i.
        samples: By name.
        read: Gives a sample's labels (H, W), uint8, as stored.
        ready: Whether stored masks hold the labels already.
        table: How labels came about, for the file kept beside the masks.
        notes: Remarks for the user.
        left_out: Files that are not used, each with the reason.
        multi_label: Whether a pixel may belong to several classes; labels are then (H, W, K), 0 and 1.
    """

    root: Path
    layout: str
    classes: list[ClassRow]
    samples: list[Sample]
    read: Callable[[Sample], np.ndarray]
    ready: bool
    table: dict
    notes: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    multi_label: bool = False


def fit(labels: np.ndarray, facts: ImageFacts) -> np.ndarray | None:
    """Labels at the size that the image is loaded at, which EXIF turns; None if they cannot belong to it.

    Labels may lie as the image is stored, or have been resized along with it.

    Example:
        >>> facts = ImageFacts(2, 4, 3, 8, 'RGB', 'JPEG', orientation=6)  # to be turned by a quarter
        >>> fit(np.array([[1, 2, 3, 4], [5, 6, 7, 8]], np.uint8), facts)[:, 0].tolist()
        [5, 6, 7, 8]
    """
    way = how_to_fit(labels.shape[:2], facts)
    if way == 'turn':
        return turn(labels, facts.orientation)
    if way == 'resize':
        # band by band: Pillow takes four channels at most
        bands = [Image.fromarray(band) for band in np.moveaxis(np.atleast_3d(labels), 2, 0)]
        bands = [np.asarray(band.resize(facts.upright_size[::-1], Image.Resampling.NEAREST)) for band in bands]
        return np.dstack(bands) if labels.ndim == 3 else bands[0]
    return labels if way == 'as it is' else None


def how_to_fit(size: tuple[int, int], facts: ImageFacts) -> str:
    """What labels of a size need to lie on an image: 'as it is', 'turn', 'resize', or '' if nothing helps."""
    height, width = facts.upright_size
    if tuple(size) == (height, width):
        return 'as it is'
    if tuple(size) == facts.size:
        return 'turn'
    return 'resize' if abs(size[0] * width / (size[1] * height) - 1) < _SAME_SHAPE else ''
