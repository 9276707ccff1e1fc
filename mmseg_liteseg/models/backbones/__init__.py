from .stdc import STDCNet

__all__ = ['STDCNet']
