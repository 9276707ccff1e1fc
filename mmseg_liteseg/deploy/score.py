"""mIoU and speed of several artefacts of one model, on the same pictures, side by side."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Iterable, Mapping

import numpy as np
import torch
import torch.nn.functional as F
from mmseg.evaluation import IoUMetric

from .data import Example
from .metadata import Interface
from .runners import Runner


@dataclass
class Score:
    """Quality and speed of one artefact.

    Attributes:
        ious: IoU per class, in percent; NaN where a class occurs nowhere.
        milliseconds: Time of each picture, in the runtime alone.
    """

    ious: np.ndarray
    milliseconds: list[float] = field(default_factory=list)

    @property
    def mean_iou(self) -> float:
        """In percent, over the classes that occur."""
        return float(np.nanmean(self.ious))

    @property
    def median_ms(self) -> float:
        """Median time per picture."""
        return float(np.median(self.milliseconds))


def score(
    artefacts: Mapping[str, tuple[Runner, Interface]],
    examples: Iterable[Example],
    num_classes: int,
    ignore_index: int = 255,
) -> dict[str, Score]:
    """Runs every artefact on every picture, one after the other, so that a busy machine slows all of them alike.

    Returns:
        A score per name.
    """
    areas = {name: np.zeros((4, num_classes)) for name in artefacts}
    times: dict[str, list[float]] = {name: [] for name in artefacts}
    for example in examples:
        label = torch.from_numpy(example.label.astype(np.int64))
        for name, (runner, interface) in artefacts.items():
            x = interface.prepare(example.image[None])
            start = time.perf_counter()
            output = runner(x)
            times[name].append((time.perf_counter() - start) * 1e3)
            predicted = to_labels(output, interface, example.image.shape[:2], label.shape)
            areas[name] += torch.stack(
                IoUMetric.intersect_and_union(predicted, label, num_classes, ignore_index)
            ).numpy()
    with np.errstate(invalid='ignore'):
        return {name: Score(100 * area[0] / area[1], times[name]) for name, area in areas.items()}


def to_labels(
    output: np.ndarray, interface: Interface, size: tuple[int, int], ori_size: tuple[int, int]
) -> torch.Tensor:
    """First image of an output -> labels at the original size, as mmseg does it: logits are resized, then compared."""
    if interface.output == 'labels':
        labels = torch.from_numpy(output[:1].astype(np.float32))[None]
        return F.interpolate(labels, ori_size, mode='nearest')[0, 0].long()
    logits = torch.from_numpy(output[:1])
    for target in (size, ori_size):
        if tuple(logits.shape[2:]) != tuple(target):
            logits = F.interpolate(logits, target, mode='bilinear', align_corners=interface.align_corners)
    if interface.threshold is not None:
        return (logits[0, 0].sigmoid() > interface.threshold).long()
    return logits[0].argmax(dim=0)
