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


def forget_runs() -> None:
    """Drops what runners leave behind in this process: default scope, logger, message hub, visualizer."""
    for kind in (DefaultScope, MMLogger, MessageHub, Visualizer, SegLocalVisualizer):
        kind._instance_dict.clear()
