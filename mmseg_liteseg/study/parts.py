"""What ablations put in the place of PP-LiteSeg's parts. Configs name this module in ``custom_imports``."""

from __future__ import annotations

from typing import Any, Sequence

from mmengine.model import BaseModule
from torch import Tensor

from mmseg_liteseg.models.backbones.stdc import STDCBlock, STDCNet
from mmseg_liteseg.models.layers.conv import ConvBN
from mmseg_liteseg.models.layers.uafm import KAIMING_FAN_IN
from mmseg_liteseg.registry import MODELS


@MODELS.register_module()
class PlainContext(BaseModule):
    """Appends a 1x1 convolution of the last feature where SPPM appends a pooled context: "without SPPM".

    The paper does not say what its baseline has there. This keeps the decoder's input, 128 channels at 1/32, and
    sees nothing beyond a position.

    Args:
        in_channels: Channels of the last input.
        channels: Channels of the context.
        norm_cfg: Normalisation.
        act_cfg: Activation.
        init_cfg: Initialisation; SPPM's by default.
    """

    def __init__(
        self,
        in_channels: int = 1024,
        channels: int = 128,
        norm_cfg: dict = dict(type='BN'),
        act_cfg: dict = dict(type='ReLU'),
        init_cfg: dict | list | None = None,
    ) -> None:
        super().__init__(init_cfg or KAIMING_FAN_IN)
        self.conv = ConvBN(in_channels, channels, 1, norm_cfg=norm_cfg, act_cfg=act_cfg)

    def forward(self, inputs: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Features (..., (N, in_channels, h, w)) -> the same and a context (N, channels, h, w)."""
        return (*inputs, self.conv(inputs[-1]))


@MODELS.register_module()
class PaddedPoolSTDCNet(STDCNet):
    """Our STDCNet with mmseg's average pooling, which counts the zeros around the border. Same weights, other features.

    Args:
        **kwargs: STDCNet's.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for block in self.modules():
            if isinstance(block, STDCBlock) and block.stride == 2:
                block.pool.count_include_pad = True
