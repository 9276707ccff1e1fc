from .fast_encoder_decoder import FastEncoderDecoder
from .tta import LiteSegTTAModel

__all__ = ['FastEncoderDecoder', 'LiteSegTTAModel']
