from .conv import ConvBN, DepthwiseSeparableConv
from .level_fusion import LevelFusion
from .uafm import UAFM, ChannelUAFM, SpatialUAFM

__all__ = ['UAFM', 'ChannelUAFM', 'ConvBN', 'DepthwiseSeparableConv', 'LevelFusion', 'SpatialUAFM']
