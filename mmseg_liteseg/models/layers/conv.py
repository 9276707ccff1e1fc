"""Convolution blocks shared by the encoder, SPPM and the decoder."""

from __future__ import annotations

import warnings
from typing import Any

import torch.nn as nn
from mmcv.cnn import ConvModule
from torch import Tensor


class ConvBN(ConvModule):
    """mmcv's ConvModule, initialised by the module that owns it.

    ``ConvModule.init_weights`` would overwrite the owner's ``init_cfg`` with its own Kaiming fan-out. It also warns
    about a bias before BN, which four convolutions of the original have and its weights hold.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        with warnings.catch_warnings():
            warnings.filterwarnings('ignore', message='Unnecessary conv bias')
            super().__init__(*args, **kwargs)

    def init_weights(self) -> None:
        """Leaves the weights to the owner's ``init_cfg``."""


class DepthwiseSeparableConv(nn.Module):
    """3x3 depthwise convolution with BN, then a 1x1 convolution with bias, BN and activation.

    mmcv's DepthwiseSeparableConvModule cannot give only the 1x1 convolution a bias.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        norm_cfg: Normalisation after both convolutions.
        act_cfg: Activation after the second.
    """

    def __init__(self, in_channels: int, out_channels: int, norm_cfg: dict, act_cfg: dict) -> None:
        super().__init__()
        self.depthwise_conv = ConvBN(
            in_channels, in_channels, 3, padding=1, groups=in_channels, norm_cfg=norm_cfg, act_cfg=None
        )
        self.pointwise_conv = ConvBN(in_channels, out_channels, 1, bias=True, norm_cfg=norm_cfg, act_cfg=act_cfg)

    def forward(self, x: Tensor) -> Tensor:
        """(N, in_channels, H, W) -> (N, out_channels, H, W)."""
        return self.pointwise_conv(self.depthwise_conv(x))


def conv3x3(
    in_channels: int, out_channels: int, norm_cfg: dict, act_cfg: dict, separable: bool, bias: bool | str = 'auto'
) -> nn.Module:
    """A 3x3 convolution with BN and activation, or a depthwise-separable one, whose bias is where the original's is."""
    if separable:
        return DepthwiseSeparableConv(in_channels, out_channels, norm_cfg, act_cfg)
    return ConvBN(in_channels, out_channels, 3, padding=1, bias=bias, norm_cfg=norm_cfg, act_cfg=act_cfg)
