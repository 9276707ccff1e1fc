"""Check of the ground truth before any loss touches it."""

from __future__ import annotations

import torch
from mmseg.structures import SegDataSample
from mmseg.utils import SampleList
from torch import Tensor

from mmseg_liteseg.datasets.transforms.loading import read_any
from mmseg_liteseg.errors import DataError
from mmseg_liteseg.images import ImageFileError, decode_mask, shown

# where mmseg's reduce_zero_label moves label 0 to
_IGNORED = 255


def check_labels(data_samples: SampleList, num_classes: int, ignore_index: int) -> None:
    """Raises unless every label is in 0..num_classes-1 or ignore_index.

    On a GPU a wrong label would otherwise end in an assert that names nothing and takes the process with it.

    Raises:
        DataError: Names an image whose file holds a wrong label, or says that padding does, the values and the range.
    """
    wrong = [_wrong(sample.gt_sem_seg.data, num_classes, ignore_index).any() for sample in data_samples]
    if not torch.stack(wrong).any():  # one synchronisation for the whole batch
        return
    found = []
    for sample in (data_samples[int(index)] for index in torch.stack(wrong).nonzero()[:, 0]):
        labels = sample.gt_sem_seg.data
        values = labels[_wrong(labels, num_classes, ignore_index)].unique().tolist()
        found.append((values, _name(sample), _values_of_file(sample)))
    # a transform may have written the label: where the files can be read, the one that holds it is to blame
    guilty = [(values, name) for values, name, stored in found if stored is None or stored.intersection(values)]
    values, name = guilty[0] if guilty else found[0][:2]
    expected = f'expected 0..{num_classes - 1} (num_classes={num_classes}) or ignore_index={ignore_index}'
    if guilty:
        raise DataError(f'labels {values[:10]} in {name}: {expected}')
    raise DataError(
        f'labels {values[:10]}, which are in no file of the batch ({name} and others): {expected}. Padding writes '
        f'them: set seg_pad_value of the transforms and seg_pad_val of model.data_preprocessor to {ignore_index}'
    )


def _values_of_file(sample: SegDataSample) -> set[int] | None:
    """Labels that a mask's file holds; None where it cannot be read any more, or is remapped in ways unknown here."""
    try:
        path = sample.get('seg_map_path')
        labels = torch.from_numpy(decode_mask(read_any(path, None), path).astype('int64')).unique()
    except (ImageFileError, TypeError):
        return None
    values = set(labels.tolist())
    if sample.get('reduce_zero_label'):
        values = {_IGNORED if value in (0, _IGNORED) else value - 1 for value in values}
    return values


def check_masks(data_samples: SampleList, num_classes: int, ignore_index: int) -> None:
    """Raises unless every sample holds one mask per class, of 0, 1 and ignore_index.

    Raises:
        DataError: Names the first image whose masks are wrong.
    """
    for sample in data_samples:
        shape = tuple(sample.gt_sem_seg.data.shape)
        if shape[0] != num_classes:
            raise DataError(
                f'labels of {_name(sample)} have shape {shape}, expected {num_classes} masks '
                f'(num_classes={num_classes}, multi_label=True): load them with LoadMultiLabelAnnotations and '
                'PackMultiLabelInputs'
            )
    check_labels(data_samples, 2, ignore_index)


def _name(sample: SegDataSample) -> str:
    return shown(sample.get('seg_map_path') or sample.get('img_path') or 'an image without a path')


def _wrong(labels: Tensor, num_classes: int, ignore_index: int) -> Tensor:
    return ((labels < 0) | (labels >= num_classes)) & (labels != ignore_index)
