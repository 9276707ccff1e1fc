"""Unified attention fusion modules (UAFM) of PP-LiteSeg, section 3.2 of https://arxiv.org/abs/2204.02681.

Reference: paddleseg/models/layers/tensor_fusion.py of PaddleSeg (d7975e7c); which class is which there:
UAFM, SpatialUAFM = UAFM_SpAtten, ChannelUAFM = UAFM_ChAtten, use_max=False = the ``_S`` ones, separable=True =
UAFMMobile and UAFMMobile_SpAtten. Its frozen scalar ``_scale``, 1 in every released file, is the constant 1 here.
"""

from __future__ import annotations

import torch
import torch.nn as nn
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor

from mmseg_liteseg.registry import MODELS

from .checks import check_channels, check_positive_int
from .conv import ConvBN, conv3x3

# Paddle's default for convolutions: N(0, sqrt(2 / fan_in)), bias 0.
KAIMING_FAN_IN = dict(type='Kaiming', layer='Conv2d', mode='fan_in', nonlinearity='relu', distribution='normal')


@MODELS.register_module()
class UAFM(BaseModule):
    """Fuses a skip feature of the encoder with a deeper feature by addition; base of the attention fusions.

    ::

        skip (skip_channels, H, W) -> 3x3 conv ---------.
                                                         fuse -> 3x3 conv -> (out_channels, H, W)
        x    (in_channels, h, w)   -> bilinear to H, W --'

    Args:
        in_channels: Channels of ``x``; the skip feature is brought to the same number.
        skip_channels: Channels of ``skip``.
        out_channels: Channels of the result.
        norm_cfg: Normalisation of every convolution.
        act_cfg: Activation of the convolutions outside the attention branch.
        align_corners: Of the bilinear resize.
        separable: Makes both 3x3 convolutions depthwise-separable.
        init_cfg: Initialisation; Kaiming normal (fan in) by default, as in the original.

    Raises:
        SettingError: A channel number is not a positive integer, or (in forward) does not fit the input.

    Example:
        >>> fuse = UAFM(in_channels=128, skip_channels=512, out_channels=64)
        >>> fuse(torch.rand(2, 512, 8, 16), torch.rand(2, 128, 4, 8)).shape
        torch.Size([2, 64, 8, 16])
    """

    def __init__(
        self,
        in_channels: int,
        skip_channels: int,
        out_channels: int,
        norm_cfg: dict = dict(type='BN'),
        act_cfg: dict = dict(type='ReLU'),
        align_corners: bool = False,
        separable: bool = False,
        init_cfg: dict | list | None = None,
    ) -> None:
        super().__init__(init_cfg or KAIMING_FAN_IN)
        self.in_channels = check_positive_int(in_channels, 'in_channels')
        self.skip_channels = check_positive_int(skip_channels, 'skip_channels')
        self.out_channels = check_positive_int(out_channels, 'out_channels')
        self.align_corners = align_corners
        self.conv_skip = conv3x3(skip_channels, in_channels, norm_cfg, act_cfg, separable)
        self.conv_out = conv3x3(in_channels, out_channels, norm_cfg, act_cfg, separable)

    def forward(self, skip: Tensor, x: Tensor) -> Tensor:
        """(N, skip_channels, H, W), (N, in_channels, h, w) -> (N, out_channels, H, W)."""
        check_channels(skip, self.skip_channels, 'skip_channels')
        check_channels(x, self.in_channels, 'in_channels')
        skip = self.conv_skip(skip)
        x = F.interpolate(x, skip.shape[2:], mode='bilinear', align_corners=self.align_corners)
        return self.conv_out(self.fuse(skip, x))

    def fuse(self, skip: Tensor, x: Tensor) -> Tensor:
        """Merges two (N, in_channels, H, W) features into one."""
        return skip + x


class _AttentionUAFM(UAFM):
    """skip * alpha + x * (1 - alpha), alpha = sigmoid(attention(describe(skip, x)))."""

    attention: nn.Module

    def describe(self, skip: Tensor, x: Tensor) -> Tensor:
        """Statistics of both features, concatenated over channels: the input of the attention branch."""
        raise NotImplementedError

    def fuse(self, skip: Tensor, x: Tensor) -> Tensor:
        """Weighs the skip feature by alpha and the upsampled one by 1 - alpha (the paper's text has them swapped)."""
        alpha = torch.sigmoid(self.attention(self.describe(skip, x)))
        return skip * alpha + x * (1 - alpha)


@MODELS.register_module()
class SpatialUAFM(_AttentionUAFM):
    """UAFM with one attention weight per position, from the mean (and maximum) over channels; the default fusion.

    Args:
        use_max: Also uses the maximum over channels; False is the original's UAFM_SpAtten_S.

    The other arguments are UAFM's.
    """

    def __init__(
        self,
        in_channels: int,
        skip_channels: int,
        out_channels: int,
        norm_cfg: dict = dict(type='BN'),
        act_cfg: dict = dict(type='ReLU'),
        align_corners: bool = False,
        separable: bool = False,
        use_max: bool = True,
        init_cfg: dict | list | None = None,
    ) -> None:
        super().__init__(
            in_channels, skip_channels, out_channels, norm_cfg, act_cfg, align_corners, separable, init_cfg
        )
        self.use_max = use_max
        self.attention = nn.Sequential(
            ConvBN(4 if use_max else 2, 2, 3, padding=1, norm_cfg=norm_cfg, act_cfg=dict(type='ReLU')),
            ConvBN(2, 1, 3, padding=1, norm_cfg=norm_cfg, act_cfg=None),
        )

    def describe(self, skip: Tensor, x: Tensor) -> Tensor:
        """(N, 4, H, W): mean skip, max skip, mean x, max x; (N, 2, H, W): the means alone."""
        # in the order that the released weights were trained with
        features = []
        for feature in (skip, x):
            features.append(feature.mean(1, keepdim=True))
            if self.use_max:
                features.append(feature.amax(1, keepdim=True))
        return torch.cat(features, dim=1)


@MODELS.register_module()
class ChannelUAFM(_AttentionUAFM):
    """UAFM with one attention weight per channel, from the mean (and maximum) over positions.

    Args:
        use_max: Also uses the maximum over positions; False is the original's UAFM_ChAtten_S.

    The other arguments are UAFM's, without ``separable``. Training needs more than one image in a batch: the
    attention's BN sees one value per image.
    """

    def __init__(
        self,
        in_channels: int,
        skip_channels: int,
        out_channels: int,
        norm_cfg: dict = dict(type='BN'),
        act_cfg: dict = dict(type='ReLU'),
        align_corners: bool = False,
        use_max: bool = True,
        init_cfg: dict | list | None = None,
    ) -> None:
        super().__init__(in_channels, skip_channels, out_channels, norm_cfg, act_cfg, align_corners, init_cfg=init_cfg)
        self.use_max = use_max
        self.attention = nn.Sequential(
            ConvBN(
                in_channels * (4 if use_max else 2),
                max(in_channels // 2, 1),
                1,
                norm_cfg=norm_cfg,
                # Paddle's default slope
                act_cfg=dict(type='LeakyReLU', negative_slope=0.01),
            ),
            ConvBN(max(in_channels // 2, 1), in_channels, 1, norm_cfg=norm_cfg, act_cfg=None),
        )

    def describe(self, skip: Tensor, x: Tensor) -> Tensor:
        """(N, 4 * C, 1, 1): avg skip, avg x, max skip, max x; (N, 2 * C, 1, 1): the averages alone."""
        # in the released weights' order, which is another than SpatialUAFM's
        features = [skip.mean((2, 3), keepdim=True), x.mean((2, 3), keepdim=True)]
        if self.use_max:
            features += [skip.amax((2, 3), keepdim=True), x.amax((2, 3), keepdim=True)]
        return torch.cat(features, dim=1)
