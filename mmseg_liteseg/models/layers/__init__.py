from .conv import ConvBN, DepthwiseSeparableConv
from .uafm import UAFM, ChannelUAFM, SpatialUAFM

__all__ = ['UAFM', 'ChannelUAFM', 'ConvBN', 'DepthwiseSeparableConv', 'SpatialUAFM']
