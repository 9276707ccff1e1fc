"""Pictures of what a model predicts, for every image of a test run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Sequence

import mmcv
from mmengine import fileio
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmseg.structures import SegDataSample
from mmseg.visualization import SegLocalVisualizer

from mmseg_liteseg.registry import HOOKS


@HOOKS.register_module()
class PaintHook(Hook):
    """Paints labels (left, if there are any) and prediction (right) over each test image.

    mmseg's SegVisualizationHook puts its pictures deep into a folder named by the time; this one writes where it is
    told, under the names that the data set gives its images.

    Args:
        out_dir: Folder of the pictures, made if missing.
        alpha: Opacity of the colours, 0 to 1.
    """

    def __init__(self, out_dir: str, alpha: float = 0.6) -> None:
        self.out_dir = Path(out_dir)
        self._visualizer = SegLocalVisualizer(alpha=alpha)

    def before_test(self, runner: Runner) -> None:
        """Takes over names and colours of the classes."""
        dataset = runner.test_dataloader.dataset
        self._visualizer.dataset_meta = dataset.metainfo
        self._root = getattr(dataset, 'data_prefix', {}).get('img_path', '')
        self._backend_args = getattr(dataset, 'backend_args', None)

    def after_test_iter(
        self, runner: Runner, batch_idx: int, data_batch: dict[str, Any], outputs: Sequence[SegDataSample]
    ) -> None:
        """Paints one batch."""
        for sample in outputs:
            target = self.out_dir / self._relative_name(sample.img_path)
            content = fileio.get(sample.img_path, backend_args=self._backend_args)
            image = mmcv.imfrombytes(content, channel_order='rgb')
            self._visualizer.add_datasample('', image, sample, out_file=str(target), with_labels=False)

    def after_test_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Says where the pictures are."""
        runner.logger.info(f'Pictures of labels and predictions are in {self.out_dir}')

    def _relative_name(self, img_path: str) -> Path:
        """Keeps the data set's folders: two cities may use one file name."""
        relative = os.path.relpath(img_path, self._root) if self._root else os.path.basename(img_path)
        if relative.startswith(os.pardir):
            relative = os.path.basename(img_path)
        return Path(relative).with_suffix('.png')
