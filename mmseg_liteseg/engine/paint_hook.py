"""Pictures of what a model predicts, for every image of a test run."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Sequence

import cv2
import numpy as np
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmseg.structures import SegDataSample

from mmseg_liteseg.datasets.transforms.loading import read_any
from mmseg_liteseg.images import read_picture, shown
from mmseg_liteseg.registry import HOOKS
from mmseg_liteseg.visualization.files import replaced_by
from mmseg_liteseg.visualization.overlays import paint_label, paint_masks

from .names import ResultNames


@HOOKS.register_module()
class PaintHook(Hook):
    """Writes a picture for each test image: the image, its labels over it if there are any, the prediction over it.

    mmseg's SegVisualizationHook puts its pictures deep into a folder named by the time; this one writes where it is
    told, under the names that the data set gives its images. Images of more than 8 bits are stretched.

    Args:
        out_dir: Folder of the pictures, made if missing.
        alpha: Opacity of the colours, 0 to 1.
    """

    def __init__(self, out_dir: str, alpha: float = 0.6) -> None:
        self.out_dir = Path(out_dir)
        self.alpha = alpha

    def before_test(self, runner: Runner) -> None:
        """Takes over the data set's colours and folder."""
        dataset = runner.test_dataloader.dataset
        self._palette = dataset.metainfo['palette']
        self._names = ResultNames(dataset)
        model = getattr(runner.model, 'module', runner.model)  # of test-time augmentation or DDP
        self._multi_label = getattr(getattr(model, 'decode_head', None), 'multi_label', False)
        self._backend_args = getattr(dataset, 'backend_args', None)

    def after_test_iter(
        self, runner: Runner, batch_idx: int, data_batch: dict[str, Any], outputs: Sequence[SegDataSample]
    ) -> None:
        """Paints one batch."""
        for sample in outputs:
            content = read_any(sample.img_path, self._backend_args)
            # read anew: the pipeline's image is normalised and has the network's size
            image = read_picture(content, shown(sample.img_path))[..., ::-1]
            fields = [sample.get(name) for name in ('gt_sem_seg', 'pred_sem_seg')]
            labels = [field.data.cpu().numpy() for field in fields if field is not None]
            panels = [image, *(self._paint(image, label) for label in labels)]
            with replaced_by(self.out_dir / self._names.of(sample.img_path, '.png')) as temporary:
                temporary.write_bytes(cv2.imencode('.png', np.hstack(panels)[..., ::-1])[1].tobytes())

    def _paint(self, image: np.ndarray, label: np.ndarray) -> np.ndarray:
        """Labels (1, H, W), or masks (C, H, W)."""
        if self._multi_label:
            return paint_masks(image, label, self._palette, self.alpha)
        return paint_label(image, label.squeeze(0), self._palette, self.alpha)

    def after_test_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Says where the pictures are."""
        runner.logger.info(f'Pictures of labels and predictions are in {self.out_dir}')
