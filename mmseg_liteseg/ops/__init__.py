from .label_map import upsample_argmax

__all__ = ['upsample_argmax']
