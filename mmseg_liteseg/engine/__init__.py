from .history_hook import HistoryHook
from .paint_hook import PaintHook
from .piece_loop import PieceLoop

__all__ = ['HistoryHook', 'PaintHook', 'PieceLoop']
