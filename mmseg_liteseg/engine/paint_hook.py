"""Pictures of what a model predicts, for every image of a test run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Sequence

import mmcv
import numpy as np
import torch
from mmengine import fileio
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmseg.structures import SegDataSample
from mmseg.visualization import SegLocalVisualizer

from mmseg_liteseg.registry import HOOKS


@HOOKS.register_module()
class PaintHook(Hook):
    """Paints labels (left, if there are any) and prediction (right) over each test image.

    mmseg's SegVisualizationHook puts its pictures into a folder made of the work folder and the time, and reads each
    image from disk again; this one writes where it is told, under the names that the data set gives its images, and
    paints data made in memory as well.

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

    def after_test_iter(
        self, runner: Runner, batch_idx: int, data_batch: dict[str, Any], outputs: Sequence[SegDataSample]
    ) -> None:
        """Paints one batch."""
        for index, sample in enumerate(outputs):
            target = self.out_dir / self._relative_name(sample.img_path)
            image = self._image_of(runner, sample, data_batch['inputs'], index)
            self._visualizer.add_datasample('', image, sample, out_file=str(target), with_labels=False)
        if batch_idx + 1 == len(runner.test_dataloader):
            runner.logger.info(f'Pictures of the predictions are in {self.out_dir}')

    def _relative_name(self, img_path: str) -> Path:
        """Keeps the data set's folders: two cities may use one file name."""
        relative = os.path.relpath(img_path, self._root) if self._root else os.path.basename(img_path)
        if relative.startswith(os.pardir):
            relative = os.path.basename(img_path)
        return Path(relative).with_suffix('.png')

    def _image_of(self, runner: Runner, sample: SegDataSample, inputs: list, index: int) -> np.ndarray:
        """The image as (H, W, 3) uint8 RGB at its original size: from disk, or from the batch where it is not there."""
        if fileio.exists(sample.img_path):
            return mmcv.imfrombytes(fileio.get(sample.img_path), channel_order='rgb')
        tensor: torch.Tensor = inputs[0][index] if isinstance(inputs[0], (list, tuple)) else inputs[index]
        image = tensor.permute(1, 2, 0).clamp(0, 255).byte().cpu().numpy()
        height, width = sample.ori_shape[:2]
        return mmcv.imresize(image[..., ::-1], (width, height))
