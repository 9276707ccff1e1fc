from .paint_hook import PaintHook

__all__ = ['PaintHook']
