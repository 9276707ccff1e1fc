from .backbones import STDCNet
from .data_preprocessor import LiteSegDataPreProcessor
from .decode_heads import FLDHead
from .layers import UAFM, ChannelUAFM, SpatialUAFM
from .losses import BoundaryCrossEntropyLoss, DiceLoss, LovaszLoss
from .necks import SPPM, PlainContext
from .samplers import OHEMPixelSampler
from .segmentors import FastCascadeEncoderDecoder, FastEncoderDecoder, LiteSegTTAModel

__all__ = [
    'SPPM',
    'UAFM',
    'BoundaryCrossEntropyLoss',
    'ChannelUAFM',
    'DiceLoss',
    'FLDHead',
    'FastCascadeEncoderDecoder',
    'FastEncoderDecoder',
    'LiteSegDataPreProcessor',
    'LiteSegTTAModel',
    'LovaszLoss',
    'OHEMPixelSampler',
    'PlainContext',
    'STDCNet',
    'SpatialUAFM',
]
