from .checkpoint_hook import SafeCheckpointHook
from .fused_loss_hook import FusedLossHook
from .history_hook import HistoryHook
from .paint_hook import PaintHook
from .resume_hook import ResumeHook
from .runner import SafeRunner
from .stop_hook import StopHook

__all__ = ['FusedLossHook', 'HistoryHook', 'PaintHook', 'ResumeHook', 'SafeCheckpointHook', 'SafeRunner', 'StopHook']
