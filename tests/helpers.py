"""Shared by the tests: paths and small builders."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from mmengine.logging import MessageHub, MMLogger
from mmengine.registry import DefaultScope
from mmengine.structures import PixelData
from mmengine.visualization import Visualizer
from mmseg.structures import SegDataSample
from mmseg.visualization import SegLocalVisualizer

from mmseg_liteseg.visualization.visualizer import LiteSegVisualizer

REPO = Path(__file__).resolve().parents[1]
DATA = Path(__file__).parent / 'data'


def load_data(name: str) -> dict[str, np.ndarray]:
    """Arrays of tests/data/NAME."""
    with np.load(DATA / name) as archive:
        return dict(archive)


def make_samples(n: int, size: tuple[int, int], num_classes: int, seed: int = 0) -> list[SegDataSample]:
    """Data samples with random labels (1, H, W), some of them 255."""
    rng = torch.Generator().manual_seed(seed)
    labels = torch.randint(0, num_classes, (n, 1, *size), generator=rng)
    labels[torch.rand(labels.shape, generator=rng) < 0.05] = 255
    return [SegDataSample(gt_sem_seg=PixelData(data=label)) for label in labels]


def assert_argmax(labels: torch.Tensor, logits: torch.Tensor) -> None:
    """Every label (N, H, W) is of the largest of its logits (N, C, H, W), or ties with it within rounding.

    Interpolation in float32 errs by a dozen roundings of 6e-8 of the largest logit, and by as much again for each of
    some ten cells between a position and its origin: where a processor has no fused multiply-add, torch rounds
    positions once more. Random logits tie that closely in fewer than one of a thousand pixels.
    """
    labels = labels.long()
    assert labels.shape == logits.shape[:1] + logits.shape[2:]
    behind = logits.amax(1) - logits.gather(1, labels[:, None])[:, 0]
    assert behind.max() <= 1e-5 * logits.abs().max()
    assert (labels != logits.argmax(1)).float().mean() <= 1e-3


def forget_runs() -> None:
    """Drops what runners leave behind in this process: default scope, logger, message hub, visualizer."""
    for kind in (DefaultScope, MMLogger, MessageHub, Visualizer, SegLocalVisualizer, LiteSegVisualizer):
        kind._instance_dict.clear()
