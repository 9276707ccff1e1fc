"""STDC encoder as PP-LiteSeg uses it.

Paper: https://arxiv.org/abs/2104.13188. Reference: paddleseg/models/backbones/stdcnet.py of PaddleSeg (d7975e7c).
It differs from mmseg's STDCNet: strided blocks average-pool without counting the padding, and there are no extra
context modules.
"""

from __future__ import annotations

import logging
from typing import Any, Sequence

import torch
import torch.nn as nn
from mmengine.logging import print_log
from mmengine.model import BaseModule
from torch import Tensor
from torch.nn.modules.batchnorm import _BatchNorm

from mmseg_liteseg.checkpoint.guard import PaddleWeightsGuard, check_shapes, shapes_of
from mmseg_liteseg.checkpoint.stdc_weights import naming_pretrained, rename_in_place, select_encoder
from mmseg_liteseg.errors import SettingError
from mmseg_liteseg.registry import MODELS

from ..layers.checks import check_channels, check_positive_int
from ..layers.conv import ConvBN
from .first_conv import adapt_first_conv


class STDCBlock(nn.Module):
    """Short-term dense concatenation of four convolutions, each half as wide as the one before.

    ::

        x -> 1x1 (C/2) --- [3x3 depthwise, stride 2] --- 3x3 (C/4) --- 3x3 (C/8) --- 3x3 (C/8)
                 |                                           |             |            |
            [avg pool, stride 2]                             |             |            |
                 '------------------------------ concat -----'-------------'------------'

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output (C above).
        stride: 1, or 2 for the parts in brackets.
        norm_cfg: Normalisation of every convolution.
        act_cfg: Activation of every convolution but the depthwise one.
        count_include_pad: Whether the average pooling counts its padding.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        stride: int,
        norm_cfg: dict,
        act_cfg: dict,
        count_include_pad: bool = False,
    ) -> None:
        super().__init__()
        # the last width stands twice, so that the four outputs add up to C
        half, quarter, eighth = out_channels // 2, out_channels // 4, out_channels // 8
        cfg = dict(norm_cfg=norm_cfg, act_cfg=act_cfg)
        self.convs = nn.ModuleList(
            [
                ConvBN(in_channels, half, 1, **cfg),
                ConvBN(half, quarter, 3, padding=1, **cfg),
                ConvBN(quarter, eighth, 3, padding=1, **cfg),
                ConvBN(eighth, eighth, 3, padding=1, **cfg),
            ]
        )
        self.stride = stride
        if stride == 2:
            self.downsample = ConvBN(half, half, 3, stride=2, padding=1, groups=half, norm_cfg=norm_cfg, act_cfg=None)
            # Paddle's AvgPool2D leaves the padding out of the mean by default; torch's counts it.
            self.pool = nn.AvgPool2d(3, stride=2, padding=1, count_include_pad=count_include_pad)

    def forward(self, x: Tensor) -> Tensor:
        """(N, in_channels, H, W) -> (N, out_channels, ceil(H / stride), ceil(W / stride))."""
        first = self.convs[0](x)
        x = first
        if self.stride == 2:
            first, x = self.pool(first), self.downsample(first)
        features = [first]
        for conv in self.convs[1:]:
            x = conv(x)
            features.append(x)
        return torch.cat(features, dim=1)


@MODELS.register_module()
class STDCNet(PaddleWeightsGuard, BaseModule):
    """STDC1 or STDC2 encoder with features at strides 2, 4, 8, 16 and 32.

    ::

        image -> stem.0 x2 (32) -> stem.1 x4 (64) -> stages.0 x8 (256) -> stages.1 x16 (512) -> stages.2 x32 (1024)

    Args:
        arch: ``'stdc1'`` or ``'stdc2'``.
        in_channels: Channels of the image. Weights for three are adapted when they are loaded (``adapt_first_conv``).
        base_channels: Width; the five features have 1/2, 1, 4, 8 and 16 times this many channels.
        out_indices: Which of the five features to return, by index (2 is stride 8).
        norm_cfg: Normalisation of every convolution.
        act_cfg: Activation.
        norm_eval: Keeps the BN layers in eval mode while training.
        count_include_pad: Whether the strided blocks' average pooling counts its padding. True for weights that were
            trained so, those of STDC's authors and of mmseg: without it their features are off along the border.
        init_cfg: Initialisation. The original's N(0, 0.001) by default, which it follows with pretrained weights.

    Raises:
        SettingError: Unknown arch, out_indices outside 0..4 or not ascending, base_channels not a multiple of 2, or (in
            forward) an image whose channels differ from in_channels.
        CheckpointFileError: On loading weights into the encoder alone, that they hold none, or one that is incomplete
            or does not fit. Ours is found behind any prefix; those of STDC's authors and of mmseg are renamed.

    Example:
        >>> model = STDCNet(arch='stdc1').eval()
        >>> [tuple(x.shape) for x in model(torch.rand(1, 3, 64, 128))]
        [(1, 256, 8, 16), (1, 512, 4, 8), (1, 1024, 2, 4)]
    """

    part = 'backbone'
    # blocks in the stages at strides 8, 16 and 32
    arch_settings = dict(stdc1=(2, 2, 2), stdc2=(4, 5, 3))

    def __init__(
        self,
        arch: str = 'stdc1',
        in_channels: int = 3,
        base_channels: int = 64,
        out_indices: Sequence[int] = (2, 3, 4),
        norm_cfg: dict = dict(type='BN'),
        act_cfg: dict = dict(type='ReLU'),
        norm_eval: bool = False,
        count_include_pad: bool = False,
        init_cfg: dict | list | None = None,
    ) -> None:
        super().__init__(init_cfg or dict(type='Normal', layer='Conv2d', std=0.001))
        if arch not in self.arch_settings:
            raise SettingError(f'arch must be one of {sorted(self.arch_settings)}, got {arch!r}')
        self.in_channels = check_positive_int(in_channels, 'in_channels')
        if check_positive_int(base_channels, 'base_channels') % 2:
            raise SettingError(f'base_channels must be even, got {base_channels}')
        self.out_indices = _check_out_indices(out_indices)
        self.norm_eval, self.count_include_pad = norm_eval, count_include_pad

        cfg = dict(norm_cfg=norm_cfg, act_cfg=act_cfg)
        self.stem = nn.ModuleList(
            [
                ConvBN(in_channels, base_channels // 2, 3, stride=2, padding=1, **cfg),
                ConvBN(base_channels // 2, base_channels, 3, stride=2, padding=1, **cfg),
            ]
        )
        self.stages = nn.ModuleList()
        channels = base_channels
        for depth, width in zip(self.arch_settings[arch], (4, 8, 16)):
            out_channels = width * base_channels
            blocks = [STDCBlock(channels, out_channels, 2, count_include_pad=count_include_pad, **cfg)]
            blocks += [STDCBlock(out_channels, out_channels, 1, **cfg) for _ in range(depth - 1)]
            self.stages.append(nn.Sequential(*blocks))
            channels = out_channels

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Image (N, in_channels, H, W) -> the features of ``out_indices``, fine to coarse, sizes rounded up."""
        check_channels(x, self.in_channels, 'in_channels')
        features = []
        for stage in (*self.stem, *self.stages):
            x = stage(x)
            features.append(x)
        return tuple(features[i] for i in self.out_indices)

    def train(self, mode: bool = True) -> STDCNet:
        """Sets the mode; with ``norm_eval`` the BN layers stay in eval mode."""
        super().train(mode)
        if mode and self.norm_eval:
            for module in self.modules():
                if isinstance(module, _BatchNorm):
                    module.eval()
        return self

    def init_weights(self) -> None:
        """As BaseModule.

        Raises:
            CheckpointFileError: The file of ``Pretrained`` holds no encoder, or one that does not fit; names it.
        """
        with naming_pretrained(self.init_cfg):
            super().init_weights()

    def _load_from_state_dict(self, state_dict: dict[str, Tensor], prefix: str, *args: Any) -> None:
        layout = rename_in_place(state_dict, prefix)
        # as a part of a model that is loaded it may be missing; not where the encoder alone is given weights
        alone = not prefix and bool(state_dict)
        if alone:
            select_encoder(state_dict)
        # first, as the check of the shapes below would refuse a first convolution of three channels
        adapt_first_conv(state_dict, f'{prefix}stem.0.conv.weight', self.in_channels)
        if alone or layout is not None:
            given = shapes_of({key[len(prefix) :]: state_dict[key] for key in state_dict if key.startswith(prefix)})
            owner = 'the file' if layout is None else f'the file of {layout.owner}'
            check_shapes('backbone', given, shapes_of(self.state_dict()), owner)
            if layout is not None and not self.count_include_pad:
                print_log(
                    f'These weights are of {layout.owner}, whose average pooling counts its padding: set '
                    'count_include_pad=True to have their features along the border too.',
                    'current',
                    logging.WARNING,
                )
        super()._load_from_state_dict(state_dict, prefix, *args)


def _check_out_indices(out_indices: Sequence[int]) -> tuple[int, ...]:
    indices = tuple(out_indices)
    if not indices or any(i not in range(5) for i in indices) or list(indices) != sorted(set(indices)):
        raise SettingError(f'out_indices must be ascending indices out of 0..4, got {out_indices!r}')
    return indices
