"""Predictions of a test as files of labels."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Sequence

import cv2
import numpy as np
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmseg.structures import SegDataSample

from mmseg_liteseg.registry import HOOKS
from mmseg_liteseg.visualization.files import replaced_by

from .names import ResultNames

_MOST_OF_8_BITS = 255


@HOOKS.register_module()
class PredictionsHook(Hook):
    """Writes a PNG of class indices (H, W) for each test image: 8 bits, or 16 where there are more than 256 classes.

    mmseg's ``IoUMetric(output_dir=...)`` names files by the image's last name alone, so that of two images of one name
    in two folders one is lost; here such ones keep their folders. With ``reduce_zero_label`` indices are those of the
    label files, as mmseg writes them.

    Args:
        out_dir: Folder of the files, made if missing.
    """

    def __init__(self, out_dir: str) -> None:
        self.out_dir = Path(out_dir)

    def before_test(self, runner: Runner) -> None:
        """Names the files."""
        self._names = ResultNames(runner.test_dataloader.dataset, flat=True)

    def after_test_iter(
        self, runner: Runner, batch_idx: int, data_batch: dict[str, Any], outputs: Sequence[SegDataSample]
    ) -> None:
        """Writes one batch."""
        for sample in outputs:
            labels = sample.pred_sem_seg.data.squeeze(0).cpu().numpy() + int(bool(sample.get('reduce_zero_label')))
            labels = labels.astype(np.uint8 if labels.max() <= _MOST_OF_8_BITS else np.uint16)
            with replaced_by(self.out_dir / self._names.of(sample.img_path, '.png')) as temporary:
                temporary.write_bytes(cv2.imencode('.png', labels)[1].tobytes())
