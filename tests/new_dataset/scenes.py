"""Small drawn data sets in the forms that people hand around."""

from __future__ import annotations

from pathlib import Path
from typing import Callable, Sequence

import numpy as np
from PIL import Image

SIZE = (48, 64)
COLOURS = np.array([[0, 0, 0], [128, 0, 0], [0, 128, 0], [128, 128, 0]], np.uint8)
"""Of ids 0 to 3, as PASCAL VOC has them."""
IDS = {'class_0': 0, 'class_1': 1, 'class_2': 2}
"""The classes of masks of ids that no list names."""
BINARY = {'background': 0, 'foreground': 1}
"""Those of masks of two values."""


def truth(seed: int, ids: int = 3) -> np.ndarray:
    """Ids (48, 64): a background, a bar and a disc, each large and each in every picture."""
    rng = np.random.default_rng(seed)
    labels = np.zeros(SIZE, np.uint8)
    top = rng.integers(2, 8)
    labels[top : top + 12, 4:40] = 1
    if ids > 2:
        y, x = np.ogrid[: SIZE[0], : SIZE[1]]
        labels[(y - 34) ** 2 + (x - 44 - rng.integers(0, 6)) ** 2 < 81] = 2
    if ids > 3:
        labels[36:46, 4:20] = 3
    return labels


def photo(labels: np.ndarray, seed: int = 0) -> np.ndarray:
    """An image (48, 64, 3) of what the labels say, noisy."""
    base = np.array([[90, 110, 90], [200, 60, 50], [60, 80, 210], [220, 220, 80]])[labels]
    noise = np.random.default_rng(seed + 100).normal(0, 12, base.shape)
    return np.clip(base + noise, 0, 255).astype(np.uint8)


def save(path: Path, pixels: np.ndarray, mode: str | None = None, **kwargs: object) -> None:
    """Writes a file, its folders too."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.ascontiguousarray(pixels), mode).save(path, **kwargs)


def save_palette(path: Path, labels: np.ndarray) -> None:
    """A palette PNG, as PASCAL VOC's and labelme's masks are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(labels)
    image.putpalette(COLOURS.ravel().tolist() + [0] * (3 * 251) + [224, 224, 192])
    image.save(path)


def folder(
    root: Path, image: str, mask: str, make: Callable[[np.ndarray], np.ndarray], count: int = 5, ids: int = 3
) -> dict[str, np.ndarray]:
    """Images and masks at ``image`` and ``mask``, patterns with {i}; the truth by file name of the image."""
    truths = {}
    for i in range(count):
        labels = truth(i, ids)
        save(root / image.format(i=i), photo(labels, i))
        made = make(labels)
        if made is not None:
            save(root / mask.format(i=i), made)
        truths[Path(image.format(i=i)).name] = labels
    return truths


def grey(values: Sequence[int]) -> Callable[[np.ndarray], np.ndarray]:
    """How a mask stores ids: as these values in 8 bits."""
    return lambda labels: np.array(values, np.uint8)[labels]


def deep(values: Sequence[int]) -> Callable[[np.ndarray], np.ndarray]:
    """How a mask stores ids: as these values in 16 bits."""
    return lambda labels: np.array(values, np.uint16)[labels]


def rgb(labels: np.ndarray) -> np.ndarray:
    """A mask of colours."""
    return COLOURS[labels]


def rgba(labels: np.ndarray) -> np.ndarray:
    """A mask of colours, all of them opaque."""
    return np.dstack([COLOURS[labels], np.full(SIZE, 255, np.uint8)])
