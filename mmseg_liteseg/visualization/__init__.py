"""Pictures of a training: predictions over images, and curves. ``report`` needs the host, the rest does not."""

from .curves import draw_curves, read_scalars
from .overlays import draw_sheet, paint_label, paint_masks

__all__ = ['draw_curves', 'draw_sheet', 'paint_label', 'paint_masks', 'read_scalars']
