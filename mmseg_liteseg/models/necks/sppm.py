"""Simple pyramid pooling module, section 3.3 of https://arxiv.org/abs/2204.02681.

Reference: PPContextModule in paddleseg/models/pp_liteseg.py of PaddleSeg (d7975e7c).
"""

from __future__ import annotations

from typing import Sequence

import torch.nn as nn
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor

from mmseg_liteseg.checkpoint.guard import PaddleWeightsGuard
from mmseg_liteseg.errors import SettingError
from mmseg_liteseg.registry import MODELS

from ..layers.checks import check_channels, check_positive_int, check_positive_ints
from ..layers.conv import ConvBN, conv3x3
from ..layers.pooling import adaptive_avg_pool
from ..layers.uafm import KAIMING_FAN_IN


@MODELS.register_module()
class SPPM(PaddleWeightsGuard, BaseModule):
    """Appends a global context to the encoder's features.

    ::

        x8, x16, x32 ------------------------------------------------> x8, x16, x32
                 |                                                                    , context
                 +-> pool 1x1 -> 1x1 conv -> bilinear --.                                 ^
                 +-> pool 2x2 -> 1x1 conv -> bilinear -- + -> 3x3 conv ------------------'
                 +-> pool 4x4 -> 1x1 conv -> bilinear --'

    Its convolutions have a bias although BN follows: the released weights hold one.

    Args:
        in_channels: Channels of the last input.
        channels: Channels of the context.
        pool_scales: Bins of each adaptive average pooling.
        norm_cfg: Normalisation of every convolution. In training the 1x1 pooling gives BN one value per image, so a
            batch (over all devices with SyncBN) needs at least two images.
        act_cfg: Activation.
        align_corners: Of the bilinear resize.
        separable: Makes the 3x3 convolution depthwise-separable, as in PaddleSeg's MobileSeg.
        init_cfg: Initialisation; Kaiming normal (fan in) by default, as in the original.

    Raises:
        SettingError: A number is not a positive integer, no pool_scales, or (in forward) in_channels does not fit.

    Example:
        >>> import torch
        >>> neck = SPPM(in_channels=64, channels=16).eval()
        >>> [tuple(x.shape) for x in neck((torch.rand(1, 32, 8, 12), torch.rand(1, 64, 4, 6)))]
        [(1, 32, 8, 12), (1, 64, 4, 6), (1, 16, 4, 6)]
    """

    part = 'neck'

    def __init__(
        self,
        in_channels: int = 1024,
        channels: int = 128,
        pool_scales: Sequence[int] = (1, 2, 4),
        norm_cfg: dict = dict(type='BN'),
        act_cfg: dict = dict(type='ReLU'),
        align_corners: bool = False,
        separable: bool = False,
        init_cfg: dict | list | None = None,
    ) -> None:
        super().__init__(init_cfg or KAIMING_FAN_IN)
        self.in_channels = check_positive_int(in_channels, 'in_channels')
        self.channels = check_positive_int(channels, 'channels')
        self.pool_scales = check_positive_ints(pool_scales, 'pool_scales')
        if not self.pool_scales:
            raise SettingError('pool_scales must name at least one number of bins, got none')
        self.align_corners = align_corners
        cfg = dict(bias=True, norm_cfg=norm_cfg, act_cfg=act_cfg)
        self.branches = nn.ModuleList([ConvBN(in_channels, channels, 1, **cfg) for _ in self.pool_scales])
        self.conv_out = conv3x3(channels, channels, separable=separable, **cfg)

    def forward(self, inputs: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Features (..., (N, in_channels, h, w)) -> the same and a context (N, channels, h, w)."""
        x = inputs[-1]
        check_channels(x, self.in_channels, 'in_channels')
        return (*inputs, self.conv_out(self.pool(x)))

    def pool(self, x: Tensor) -> Tensor:
        """Sum of the pooled branches, each resized to (h, w): (N, channels, h, w)."""
        total = None
        for bins, branch in zip(self.pool_scales, self.branches):
            pooled = branch(adaptive_avg_pool(x, bins))
            pooled = F.interpolate(pooled, x.shape[2:], mode='bilinear', align_corners=self.align_corners)
            total = pooled if total is None else total + pooled
        return total
