"""What ablations put in the place of PP-LiteSeg's parts. Configs name this module in ``custom_imports``."""

from __future__ import annotations

from typing import Any

from mmseg_liteseg.models.backbones.stdc import STDCBlock, STDCNet
from mmseg_liteseg.registry import MODELS


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
