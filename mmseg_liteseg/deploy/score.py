"""mIoU and speed of several artefacts of one model, through the runtime that users run, side by side."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Iterable, Mapping

import numpy as np
import torch
from mmseg.evaluation import IoUMetric

from mmseg_liteseg.evaluation.multi_label import count_entries
from mmseg_liteseg.runtime import Segmenter

from .data import Example


@dataclass
class Score:
    """Quality and speed of one artefact.

    Attributes:
        ious: IoU per class, in percent; NaN where a class occurs nowhere.
        milliseconds: Time of each picture, of ``Segmenter.predict``.
        differing: Share of pixels with another label than the first artefact's.
    """

    ious: np.ndarray
    milliseconds: list[float] = field(default_factory=list)
    differing: float = 0.0

    @property
    def mean_iou(self) -> float:
        """In percent, over the classes that occur."""
        return float(np.nanmean(self.ious))

    @property
    def median_ms(self) -> float:
        """Median time per picture."""
        return float(np.median(self.milliseconds))


def score(
    segmenters: Mapping[str, Segmenter], examples: Iterable[Example], num_classes: int, ignore_index: int = 255
) -> dict[str, Score]:
    """Runs every artefact on every picture, one after the other, so that a busy machine slows all of them alike.

    Args:
        segmenters: By name.
        examples: Pictures with labels (H, W); where there are none, those of the first artefact count as right.
        num_classes: Number of classes.
        ignore_index: Label of pixels that do not count.

    Returns:
        A score per name.
    """
    areas = {name: np.zeros((2, num_classes)) for name in segmenters}
    times: dict[str, list[float]] = {name: [] for name in segmenters}
    differing, pixels = dict.fromkeys(segmenters, 0), 0
    for example in examples:
        first = label = None
        for name, segmenter in segmenters.items():
            # the whole prediction: what a user waits for, resizes and label map included
            start = time.perf_counter()
            mask = segmenter.predict(example.image)
            times[name].append((time.perf_counter() - start) * 1e3)
            if first is None:
                first, pixels = mask, pixels + mask.size
                label = torch.from_numpy((mask if example.label is None else example.label).astype(np.int64))
            differing[name] += int(np.count_nonzero(mask != first))
            predicted = torch.from_numpy(mask.astype(np.int64))
            areas[name] += _areas(predicted, label, num_classes, ignore_index)
    with np.errstate(invalid='ignore'):
        return {
            name: Score(100 * area[0] / area[1], times[name], differing[name] / max(pixels, 1))
            for name, area in areas.items()
        }


def _areas(predicted: torch.Tensor, label: torch.Tensor, num_classes: int, ignore_index: int) -> np.ndarray:
    """Intersection and union of each class, (2, C), of labels (H, W) or masks (C, H, W)."""
    if predicted.ndim == 2:
        areas = IoUMetric.intersect_and_union(predicted, label, num_classes, ignore_index)[:2]
        return torch.stack(areas).numpy()
    counts = count_entries(predicted, label.reshape(predicted.shape), ignore_index).numpy()
    return np.stack([counts[:, 0], counts.sum(1)])
