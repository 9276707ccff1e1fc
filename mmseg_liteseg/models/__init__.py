from .backbones import STDCNet
from .data_preprocessor import LiteSegDataPreProcessor
from .decode_heads import FLDHead
from .layers import UAFM, ChannelUAFM, SpatialUAFM
from .necks import SPPM
from .samplers import OHEMPixelSampler
from .segmentors import FastEncoderDecoder, LiteSegTTAModel

__all__ = [
    'SPPM',
    'UAFM',
    'ChannelUAFM',
    'FLDHead',
    'FastEncoderDecoder',
    'LiteSegDataPreProcessor',
    'LiteSegTTAModel',
    'OHEMPixelSampler',
    'STDCNet',
    'SpatialUAFM',
]
