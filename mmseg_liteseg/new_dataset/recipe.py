"""Numbers to train by, derived from a data set, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Sequence

import numpy as np

from mmseg_liteseg.datasets.class_weights import ClassCounts, WeightFormula

from .samples import Sample

_STRIDE = 32  # of the coarsest features
_SMALLEST = 64
# Of shorter sides the next multiple of the stride may be more than an eighth away: that would change shapes.
_FIT_FROM = 256
_CROP_PIXELS = 512 * 512
_BATCH_PIXELS = 16 * 360 * 480  # what the CamVid recipe takes in one step
_BATCHES = (4, 8, 16)
_PASSES = 100
# Few images need time for BN's statistics; the CamVid recipe has ten thousand.
_ITERATIONS = (1000, 10000)
# A step of 2 x 360 x 480 pixels takes 0.37 s on two cores (docs/benchmark.md), and goes with the pixels.
_SECONDS_PER_PIXEL = 0.37 / (2 * 360 * 480)
_LR, _LR_SMALL_BATCH = 1e-3, 5e-4


@dataclass(frozen=True)
class Recipe:
    """Settings of a training.

    Attributes:
        size: Median height and width of the training images.
        same_size: Whether all have it.
        crop_size: Height and width of the training crops.
        fit: Whether images to predict are brought to multiples of 32.
        batch_size: Crops of an iteration.
        lr: Learning rate of AdamW.
        max_iters: Iterations.
        val_interval: Iterations between validations.
        min_kept: Share of the pixels that OHEM keeps at least.
        passes: How often each image is seen.
        minutes_on_cpu: Estimate for two cores.
        weights: Class weights by the formula, for the comment.
        shares: Of the training pixels, by class.
    """

    size: tuple[int, int]
    same_size: bool
    crop_size: tuple[int, int]
    fit: bool
    batch_size: int
    lr: float
    max_iters: int
    val_interval: int
    min_kept: float
    passes: float
    minutes_on_cpu: float
    weights: tuple[float, ...]
    shares: tuple[float, ...]


def make_recipe(samples: Sequence[Sample], num_classes: int) -> Recipe:
    """Derives the settings from the samples of the train split."""
    sizes = np.array([sample.facts.upright_size for sample in samples])
    size = tuple(int(side) for side in np.median(sizes, axis=0))
    crop = choose_crop(size)
    batch = choose_batch(crop, len(samples))
    iterations = _round(float(np.clip(_PASSES * len(samples) / batch, *_ITERATIONS)), 100)
    counts = np.array([sample.counts[:num_classes] for sample in samples])
    classes = ClassCounts(counts.sum(0), (counts.sum(1, keepdims=True) * (counts > 0)).sum(0), (counts > 0).sum(0))
    shares = classes.shares
    return Recipe(
        size,
        bool((sizes == sizes[0]).all()),
        crop,
        min(size) >= _FIT_FROM,
        batch,
        _LR if batch >= 8 else _LR_SMALL_BATCH,
        iterations,
        max(iterations // 10, 50),
        # OHEM keeps at least what is not of the largest class, within the recipes' own bounds
        float(np.clip(np.round(1 - shares.max(), 2), 1 / 16, 1 / 4)),
        iterations * batch / len(samples),
        iterations * batch * crop[0] * crop[1] * _SECONDS_PER_PIXEL / 60,
        tuple(WeightFormula('enet', c=1.10, mean=1.0).weights(classes).tolist()),
        tuple(shares.tolist()),
    )


def choose_crop(size: tuple[int, int]) -> tuple[int, int]:
    """Of the images' shape, at most as many pixels as 512 x 512, sides multiples of 32.

    Example:
        >>> choose_crop((360, 480)), choose_crop((1024, 2048)), choose_crop((48, 200))
        ((352, 480), (352, 704), (64, 192))
    """
    height, width = size
    scale = min(1.0, (_CROP_PIXELS / (height * width)) ** 0.5)
    return tuple(max(int(side * scale) // _STRIDE * _STRIDE, _SMALLEST) for side in (height, width))


def choose_batch(crop: tuple[int, int], images: int) -> int:
    """As many pixels as in a step of the CamVid recipe; few images make a small batch, which BN still takes.

    Example:
        >>> choose_batch((352, 480), 300), choose_batch((512, 512), 300), choose_batch((64, 64), 6)
        (16, 8, 4)
    """
    fitting = [n for n in _BATCHES if n * crop[0] * crop[1] <= _BATCH_PIXELS * 1.05 and n <= max(images, _BATCHES[0])]
    return max(fitting, default=_BATCHES[0])


def _round(value: float, step: int) -> int:
    return max(round(value / step) * step, step)
