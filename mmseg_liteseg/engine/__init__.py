from .bfloat16 import Bfloat16OptimWrapper
from .checkpoint_hook import SafeCheckpointHook
from .fused_loss_hook import FusedLossHook
from .guard_hook import GuardHook
from .history_hook import HistoryHook
from .paint_hook import PaintHook
from .predictions_hook import PredictionsHook
from .result_names_hook import ResultNamesHook
from .resume_hook import ResumeHook
from .runner import SafeRunner
from .skipped_files_hook import SkippedFilesHook
from .stop_hook import StopHook
from .tolerant_loop import TolerantTestLoop

__all__ = [
    'Bfloat16OptimWrapper',
    'FusedLossHook',
    'GuardHook',
    'HistoryHook',
    'PaintHook',
    'PredictionsHook',
    'ResultNamesHook',
    'ResumeHook',
    'SafeCheckpointHook',
    'SafeRunner',
    'SkippedFilesHook',
    'StopHook',
    'TolerantTestLoop',
]
