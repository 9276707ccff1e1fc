"""The last step of PaddleSeg's MobileSeg decoder: all levels together once more."""

from __future__ import annotations

from typing import Sequence

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import Tensor

from .conv import DepthwiseSeparableConv


class LevelFusion(nn.Module):
    """Brings the coarser levels to the width and size of the finest, concatenates all and mixes them.

    Source: ``use_last_fuse`` of paddleseg/models/mobileseg.py, which PP-HumanSegV2-Lite uses.

    Args:
        channels: Of the levels, fine to coarse.
        norm_cfg: Normalisation.
        act_cfg: Activation.

    Example:
        >>> fuse = LevelFusion((8, 16), norm_cfg=dict(type='BN'), act_cfg=dict(type='ReLU')).eval()
        >>> fuse([torch.rand(1, 8, 6, 8), torch.rand(1, 16, 3, 4)]).shape
        torch.Size([1, 8, 6, 8])
    """

    def __init__(self, channels: Sequence[int], norm_cfg: dict, act_cfg: dict) -> None:
        super().__init__()
        cfg = dict(norm_cfg=norm_cfg, act_cfg=act_cfg)
        self.level_convs = nn.ModuleList([DepthwiseSeparableConv(c, channels[0], **cfg) for c in channels[1:]])
        self.conv_out = DepthwiseSeparableConv(len(channels) * channels[0], channels[0], **cfg)

    def forward(self, levels: Sequence[Tensor]) -> Tensor:
        """Levels, fine to coarse -> (N, channels[0], H, W) at the size of the finest."""
        size = levels[0].shape[2:]
        # never with align_corners, whatever the decoder does: as in the original
        coarser = [F.interpolate(conv(x), size, mode='bilinear') for conv, x in zip(self.level_convs, levels[1:])]
        return self.conv_out(torch.cat([levels[0], *coarser], dim=1))
