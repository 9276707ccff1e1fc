from .ohem import OHEMPixelSampler

__all__ = ['OHEMPixelSampler']
