"""The host's own pictures (MMSegInferencer, show_result_pyplot, hooks), of images and labels that it does not know."""

from __future__ import annotations

from typing import Any

import numpy as np
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample
from mmseg.visualization import SegLocalVisualizer

from mmseg_liteseg.images import to_picture
from mmseg_liteseg.registry import VISUALIZERS

from .overlays import paint_masks


@VISUALIZERS.register_module()
class LiteSegVisualizer(SegLocalVisualizer):
    """mmseg's, which shows more than 8 bits stretched instead of nearly black, and several classes at a pixel mixed.

    Files are read for the host by our reader, see ``host_reader``; images handed over as arrays may be of any depth.

    Example:
        >>> VISUALIZERS.build(dict(type='mmseg_liteseg.LiteSegVisualizer', name='example')).alpha
        0.8
    """

    def add_datasample(
        self, name: str, image: np.ndarray, data_sample: SegDataSample | None = None, *args: Any, **kwargs: Any
    ) -> None:
        """Draws a sample.

        Args:
            name: Of the picture.
            image: (H, W, 3), uint8, RGB; or of any other type or number of channels.
            data_sample: Labels and prediction.
            *args: Those of mmseg's.
            **kwargs: Likewise.
        """
        super().add_datasample(name, to_picture(image), data_sample, *args, **kwargs)

    def _draw_sem_seg(
        self, image: np.ndarray, sem_seg: PixelData, classes: list, palette: list, *args: Any, **kwargs: Any
    ) -> np.ndarray:
        """Classes (1, H, W) by the host, masks (C, H, W) by colours that mix."""
        masks = np.asarray(sem_seg.data.cpu() if hasattr(sem_seg.data, 'cpu') else sem_seg.data)
        if len(masks) == 1:
            return super()._draw_sem_seg(image, sem_seg, classes, palette, *args, **kwargs)
        return paint_masks(image, masks, palette, self.alpha)
