from .fast_cascade import FastCascadeEncoderDecoder
from .fast_encoder_decoder import FastEncoderDecoder
from .tta import LiteSegTTAModel

__all__ = ['FastCascadeEncoderDecoder', 'FastEncoderDecoder', 'LiteSegTTAModel']
