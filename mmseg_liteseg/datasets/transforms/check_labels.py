"""Labels beyond the classes and masks of another size, found where the file is known and nothing is padded yet."""

from __future__ import annotations

import numpy as np
from mmcv.transforms import BaseTransform

from mmseg_liteseg.errors import DataError
from mmseg_liteseg.images import shown
from mmseg_liteseg.registry import TRANSFORMS

from .checks import check_sizes

_SHOWN = 10


@TRANSFORMS.register_module()
class CheckLabels(BaseTransform):
    """Stands behind LoadAnnotations and refuses masks that hold neither classes nor the ignored label.

    The losses check too, but labels of a whole batch, after padding: they cannot tell what a file held. Sizes are
    compared here as well, as mmseg's LoadAnnotations does not (ours does). Every training of tools/train.py puts this
    transform into its pipelines.

    Args:
        num_classes: Labels are 0 to ``num_classes - 1``,
        ignore_index: or this one.

    Raises:
        DataError: (when called) a mask holds another value, has several channels, or is of another size than its
            image as loaded; names the file.

    Example:
        >>> CheckLabels(2)({'gt_seg_map': np.array([[0, 7]]), 'seg_fields': ['gt_seg_map'], 'seg_map_path': 'a.png'})
        Traceback (most recent call last):
        ...
        mmseg_liteseg.errors.DataError: mask a.png: labels 7, expected 0..1 (num_classes=2) or ignore_index=255
    """

    def __init__(self, num_classes: int, ignore_index: int = 255) -> None:
        self.num_classes, self.ignore_index = num_classes, ignore_index

    def transform(self, results: dict) -> dict:
        """Checks every label map; without one, nothing."""
        for key in results.get('seg_fields', []):
            self._check(results[key], shown(results.get('seg_map_path', key)))
        if 'ori_shape' in results:
            check_sizes(results, results['ori_shape'])
        return results

    def _check(self, label: np.ndarray, name: str) -> None:
        expected = f'0..{self.num_classes - 1} (num_classes={self.num_classes}) or ignore_index={self.ignore_index}'
        if label.ndim != 2:
            raise DataError(f'mask {name}: shape {label.shape}, expected one channel with labels {expected}')
        wrong = (label >= self.num_classes) & (label != self.ignore_index)
        if wrong.any():
            values = np.unique(label[wrong]).tolist()
            shown_values = ', '.join(map(str, values[:_SHOWN])) + (', ...' if len(values) > _SHOWN else '')
            raise DataError(f'mask {name}: labels {shown_values}, expected {expected}')

    def __repr__(self) -> str:
        return f'{type(self).__name__}(num_classes={self.num_classes}, ignore_index={self.ignore_index})'
