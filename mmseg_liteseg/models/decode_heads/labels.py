"""Check of the ground truth before any loss touches it."""

from __future__ import annotations

import torch
from mmseg.utils import SampleList
from torch import Tensor

from mmseg_liteseg.errors import DataError


def check_labels(data_samples: SampleList, num_classes: int, ignore_index: int) -> None:
    """Raises unless every label is in 0..num_classes-1 or ignore_index.

    On a GPU a wrong label would otherwise end in an assert that names nothing and takes the process with it.

    Raises:
        DataError: Names the first image that holds a wrong label, the values and the range.
    """
    wrong = [_wrong(sample.gt_sem_seg.data, num_classes, ignore_index).any() for sample in data_samples]
    if not torch.stack(wrong).any():  # one synchronisation for the whole batch
        return
    sample = data_samples[int(torch.stack(wrong).nonzero()[0])]
    labels = sample.gt_sem_seg.data
    values = labels[_wrong(labels, num_classes, ignore_index)].unique().tolist()
    name = sample.get('seg_map_path') or sample.get('img_path') or 'an image without a path'
    raise DataError(
        f'labels {values[:10]} in {name}: expected 0..{num_classes - 1} (num_classes={num_classes}) '
        f'or ignore_index={ignore_index}'
    )


def _wrong(labels: Tensor, num_classes: int, ignore_index: int) -> Tensor:
    return ((labels < 0) | (labels >= num_classes)) & (labels != ignore_index)
