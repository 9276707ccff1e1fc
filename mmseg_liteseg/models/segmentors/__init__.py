from .tta import LiteSegTTAModel

__all__ = ['LiteSegTTAModel']
