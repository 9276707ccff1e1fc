"""Scores where a pixel may belong to several classes or to none."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Sequence

import cv2
import numpy as np
import torch
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log
from prettytable import PrettyTable

from mmseg_liteseg.errors import SettingError
from mmseg_liteseg.registry import METRICS
from mmseg_liteseg.visualization.files import replaced_by


@METRICS.register_module()
class MultiLabelMetric(BaseMetric):
    """IoU and F1 of each class by itself, over the pixels of the whole set, and their means, in percent.

    A class that is neither in the labels nor predicted has none and is left out of the means.

    Args:
        ignore_index: Label of the entries that do not count.
        output_dir: Folder for the predicted masks, ``CLASS/IMAGE.png``, 0 and 255: what `MultiLabelDataset` reads.
            Images of one name in two folders keep their folders (`ResultNamesHook` sees to it).
        format_only: Writes masks only, for images without labels.
        collect_device: As for mmengine's BaseMetric.
        prefix: Likewise.

    Raises:
        SettingError: ``format_only`` without a folder.

    Example:
        >>> metric = MultiLabelMetric()  # doctest: +SKIP
        >>> metric.evaluate(size=100)['IoU.road']  # doctest: +SKIP
        87.31
    """

    def __init__(
        self,
        ignore_index: int = 255,
        output_dir: str | None = None,
        format_only: bool = False,
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        if format_only and not output_dir:
            raise SettingError('MultiLabelMetric.format_only needs output_dir, the folder for the masks')
        self.ignore_index, self.output_dir, self.format_only = ignore_index, output_dir, format_only
        self._names: Any = None

    def name_results(self, names: Any) -> None:
        """Takes the names of the masks' files, from an object with ``of(img_path, ending)``."""
        self._names = names

    def process(self, data_batch: dict, data_samples: Sequence[dict]) -> None:
        """Counts, and writes masks if asked to."""
        for sample in data_samples:
            predicted = sample['pred_sem_seg']['data']
            if not self.format_only:
                label = sample['gt_sem_seg']['data'].to(predicted.device)
                # counts, not masks: mmengine keeps the results of all images until the end
                self.results.append(count_entries(predicted, label, self.ignore_index).numpy())
            if self.output_dir:
                self._write(predicted.cpu().numpy(), sample['img_path'])

    def compute_metrics(self, results: list[np.ndarray]) -> dict[str, float]:
        """(K, 3) counts per image -> mIoU and mF1, then ``IoU.NAME`` and ``F1.NAME`` of each class."""
        if self.format_only:
            return {}
        # over the set, as mmseg's IoUMetric: a mean over images would weigh empty ones
        hits, false, missed = np.sum(results, axis=0, dtype=np.float64).T
        # 0 / 0 of a class that is nowhere is nan, which the means leave out
        with np.errstate(invalid='ignore'):
            scores = dict(IoU=100 * hits / (hits + false + missed), F1=100 * 2 * hits / (2 * hits + false + missed))
        classes = self.dataset_meta['classes']
        print_log('per class results:\n' + _table(classes, scores), 'current')
        means = {f'm{name}': _mean(values) for name, values in scores.items()}
        each = {f'{name}.{c}': round(float(v), 2) for name, values in scores.items() for c, v in zip(classes, values)}
        return {**means, **each}

    def _write(self, masks: np.ndarray, img_path: str) -> None:
        file = self._names.of(img_path, '.png') if self._names else f'{Path(img_path).stem}.png'
        for name, mask in zip(self.dataset_meta['classes'], masks):
            with replaced_by(Path(self.output_dir, name, file)) as temporary:
                temporary.write_bytes(cv2.imencode('.png', (mask > 0).astype(np.uint8) * 255)[1].tobytes())


def count_entries(predicted: torch.Tensor, label: torch.Tensor, ignore_index: int) -> torch.Tensor:
    """Hits, false alarms and misses of each class.

    Args:
        predicted: (K, H, W), 0 and 1.
        label: (K, H, W), 0, 1 and ignore_index.
        ignore_index: Label of the entries that do not count.

    Returns:
        (K, 3), on the CPU.

    Example:
        >>> count_entries(torch.tensor([[[1, 1, 0, 0]]]), torch.tensor([[[1, 0, 1, 255]]]), ignore_index=255).tolist()
        [[1, 1, 1]]
    """
    valid, found = label != ignore_index, predicted > 0
    there = label == 1
    counts = [valid & found & there, valid & found & ~there, valid & ~found & there]
    return torch.stack([count.sum((1, 2)) for count in counts], 1).cpu()


def _mean(values: np.ndarray) -> float:
    return round(float(np.nanmean(values)), 2) if not np.isnan(values).all() else float('nan')


def _table(classes: Sequence[str], scores: dict[str, np.ndarray]) -> str:
    table: Any = PrettyTable()
    table.add_column('Class', list(classes))
    for name, values in scores.items():
        table.add_column(name, [f'{value:.2f}' for value in values])
    return table.get_string()
