"""The host's own pictures (MMSegInferencer, show_result_pyplot, hooks), of images and labels that it does not know."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample
from mmseg.visualization import SegLocalVisualizer

from mmseg_liteseg.images import read_file, read_picture, shown
from mmseg_liteseg.registry import VISUALIZERS

from .overlays import paint_masks


@VISUALIZERS.register_module()
class LiteSegVisualizer(SegLocalVisualizer):
    """mmseg's, which shows more than 8 bits stretched instead of nearly black, and several classes at a pixel mixed.

    The host hands over images that it has decoded as 8-bit colours. The sample names the file, which is read again.

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
            image: (H, W, 3), uint8, RGB, as the host has read it.
            data_sample: Labels and prediction, and the file's path.
            *args: Those of mmseg's.
            **kwargs: Likewise.
        """
        super().add_datasample(name, _picture(image, data_sample), data_sample, *args, **kwargs)

    def _draw_sem_seg(
        self, image: np.ndarray, sem_seg: PixelData, classes: list, palette: list, *args: Any, **kwargs: Any
    ) -> np.ndarray:
        """Classes (1, H, W) by the host, masks (C, H, W) by colours that mix."""
        masks = np.asarray(sem_seg.data.cpu() if hasattr(sem_seg.data, 'cpu') else sem_seg.data)
        if len(masks) == 1:
            return super()._draw_sem_seg(image, sem_seg, classes, palette, *args, **kwargs)
        return paint_masks(image, masks, palette, self.alpha)


def _picture(image: np.ndarray, sample: SegDataSample | None) -> np.ndarray:
    path = sample.get('img_path') if sample is not None else None
    if not isinstance(path, str) or not os.path.isfile(path):
        return image
    picture = read_picture(read_file(path), shown(path))[..., ::-1]
    return np.ascontiguousarray(picture) if picture.shape == image.shape else image
