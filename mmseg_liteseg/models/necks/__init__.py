from .sppm import SPPM

__all__ = ['SPPM']
