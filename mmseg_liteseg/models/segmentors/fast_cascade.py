"""CascadeEncoderDecoder with the fast way from logits to labels."""

from __future__ import annotations

from mmseg.models.decode_heads.cascade_decode_head import BaseCascadeDecodeHead
from mmseg.models.segmentors import CascadeEncoderDecoder

from mmseg_liteseg.registry import MODELS

from .fast_encoder_decoder import FastEncoderDecoder


@MODELS.register_module()
class FastCascadeEncoderDecoder(FastEncoderDecoder, CascadeEncoderDecoder):
    """mmseg's CascadeEncoderDecoder (OCRNet) as `FastEncoderDecoder` is its EncoderDecoder: the same predictions.

    The last head predicts. PointRend's refines its logits while they grow, and keeps mmseg's way.

    Args:
        *args: Of CascadeEncoderDecoder.
        distillation: As of FastEncoderDecoder.
        fused_loss: As of FastEncoderDecoder, for every head.
        **kwargs: Of CascadeEncoderDecoder.

    Example:
        >>> fcn = dict(type='FCNHead', in_channels=64, channels=8, num_classes=2)
        >>> ocr = dict(type='OCRHead', in_channels=64, channels=8, ocr_channels=8, num_classes=2)
        >>> backbone = dict(type='mmseg_liteseg.STDCNet', base_channels=4)
        >>> model = FastCascadeEncoderDecoder(2, backbone, [fcn, ocr], test_cfg=dict(mode='whole'))
        >>> model.why_hosts_way() is None
        True
    """

    _hosts = (CascadeEncoderDecoder, BaseCascadeDecodeHead)

    @property
    def _head(self) -> BaseCascadeDecodeHead:
        return self.decode_head[-1]
