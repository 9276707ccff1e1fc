"""What stands in the place of SPPM where a network has none."""

from __future__ import annotations

from typing import Sequence

from mmengine.model import BaseModule
from torch import Tensor

from mmseg_liteseg.registry import MODELS

from ..layers.conv import ConvBN
from ..layers.uafm import KAIMING_FAN_IN


@MODELS.register_module()
class PlainContext(BaseModule):
    """Appends a 1x1 convolution of the last feature where SPPM appends a pooled context: "without SPPM".

    The paper does not say what its baseline in Table 3 has there. This keeps the decoder's input, 128 channels at 1/32,
    and sees nothing beyond a position.

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
