"""The top that STDC's authors put on their encoder to train it as a classifier.

Paper: https://arxiv.org/abs/2104.13188, figure 3 and table 1. Code: nets/stdcnet.py of
https://github.com/MichaelFan01/STDC-Seg, whose forward_impl squares the features before they are pooled and leaves out
the BN that it makes; here are the layers as the paper draws them.
"""

from __future__ import annotations

from typing import Any, Sequence

import torch.nn as nn
import torch.nn.functional as F
from mmcv.cnn import build_activation_layer, build_norm_layer
from mmpretrain.models import ClsHead
from torch import Tensor

from mmseg_liteseg.models.layers.checks import check_channels, check_positive_int
from mmseg_liteseg.models.layers.conv import ConvBN
from mmseg_liteseg.registry import MODELS


@MODELS.register_module()
class STDCHead(ClsHead):
    """1x1 convolution, global pooling, and two linear layers with BN and dropout between them.

    ::

        x32 -> 1x1 conv, BN, ReLU -> mean over H, W -> linear, BN, ReLU -> dropout -> linear -> logits

    Args:
        num_classes: Classes.
        in_channels: Channels of the last feature.
        channels: Width of the convolution and of the first linear layer.
        dropout: Share of the features that are dropped in training, 0.2 in the authors' code.
        norm_cfg: Normalisation of the convolution and of the first linear layer.
        act_cfg: Activation.
        init_cfg: Initialisation; the authors' by default.
        **kwargs: Of mmpretrain's ClsHead: ``loss``, ``topk``, ``cal_acc``.

    Raises:
        SettingError: num_classes, in_channels or channels is no positive integer, or (in forward) a feature has other
            channels than in_channels.

    Example:
        >>> head = STDCHead(num_classes=10, in_channels=128, channels=64).eval()
        >>> head((torch.rand(2, 128, 7, 7),)).shape
        torch.Size([2, 10])
    """

    def __init__(
        self,
        num_classes: int,
        in_channels: int = 1024,
        channels: int = 1024,
        dropout: float = 0.2,
        norm_cfg: dict = dict(type='BN'),
        act_cfg: dict = dict(type='ReLU'),
        init_cfg: dict | list | None = None,
        **kwargs: Any,
    ) -> None:
        # init_params of the authors' nets/stdcnet.py
        authors = [dict(type='Kaiming', layer='Conv2d'), dict(type='Normal', layer='Linear', std=0.001)]
        super().__init__(init_cfg=init_cfg or authors, **kwargs)
        self.in_channels = check_positive_int(in_channels, 'in_channels')
        check_positive_int(channels, 'channels')
        self.conv = ConvBN(in_channels, channels, 1, norm_cfg=norm_cfg, act_cfg=act_cfg)
        self.fc = nn.Linear(channels, channels, bias=False)
        self.bn = build_norm_layer(norm_cfg, channels)[1]
        self.act = build_activation_layer(act_cfg)
        self.dropout = nn.Dropout(dropout)
        self.linear = nn.Linear(channels, check_positive_int(num_classes, 'num_classes'), bias=False)

    def pre_logits(self, feats: Sequence[Tensor]) -> Tensor:
        """Features, the last one (N, in_channels, H, W) -> (N, channels), before dropout."""
        check_channels(feats[-1], self.in_channels, 'in_channels')
        x = self.conv(feats[-1]).mean((2, 3))
        x = self._normalise(self.fc(x)[..., None, None])  # BN for images, so that SyncBN and BN are both at home here
        return self.act(x).flatten(1)

    def _normalise(self, x: Tensor) -> Tensor:
        """A batch of one image, the rest of an epoch, has no statistics of its own: the running ones serve."""
        if self.training and len(x) == 1 and isinstance(self.bn, nn.BatchNorm2d):
            bn = self.bn
            return F.batch_norm(x, bn.running_mean, bn.running_var, bn.weight, bn.bias, eps=bn.eps)
        return self.bn(x)

    def forward(self, feats: Sequence[Tensor]) -> Tensor:
        """Features, the last one (N, in_channels, H, W) -> logits (N, num_classes)."""
        return self.linear(self.dropout(self.pre_logits(feats)))
