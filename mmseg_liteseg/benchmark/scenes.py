"""Pictures to measure on: the package's street scenes, the same on every machine."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample
from torch import Tensor

from mmseg_liteseg.datasets.synthetic import render_scene


@lru_cache(maxsize=8)
def scene(height: int, width: int, index: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Picture (H, W, 3), BGR, and labels (H, W), uint8; read-only."""
    image, label = render_scene(0, 'train', index, height, width)
    # one picture is handed to everybody
    image.setflags(write=False)
    label.setflags(write=False)
    return image, label


def batch_of(n: int, size: tuple[int, int]) -> Tensor:
    """``n`` pictures as the network takes them: (n, 3, H, W) float32, in -1..1."""
    images = [scene(*size, index=i % 2)[0] for i in range(n)]
    return torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).float().div_(127.5).sub_(1).contiguous()


def samples_of(
    n: int, size: tuple[int, int], ori_size: tuple[int, int] | None = None, device: str = 'cpu'
) -> list[SegDataSample]:
    """Data samples with labels of ``size``, whose image was of ``ori_size`` before."""
    samples = []
    for i in range(n):
        label = torch.from_numpy(scene(*size, index=i % 2)[1].astype(np.int64))[None].to(device)
        sample = SegDataSample(gt_sem_seg=PixelData(data=label))
        sample.set_metainfo(dict(ori_shape=ori_size or size, img_shape=size, pad_shape=size))
        samples.append(sample)
    return samples
