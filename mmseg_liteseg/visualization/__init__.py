"""Pictures of a training: predictions over images, and curves."""

from .curves import draw_curves, read_scalars
from .overlays import draw_sheet, paint_label
from .report import EvaluationHook, Report, make_report

__all__ = ['EvaluationHook', 'Report', 'draw_curves', 'draw_sheet', 'make_report', 'paint_label', 'read_scalars']
