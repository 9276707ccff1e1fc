"""Data sets with a mask per class: their masks, read by the pipeline's own loader."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Iterator

import numpy as np

from mmseg_liteseg.datasets.transforms import LoadMultiLabelAnnotations
from mmseg_liteseg.errors import LiteSegError
from mmseg_liteseg.images import ImageFileError, read_image

from .finding import Finding
from .setup import Part

_WHERE = 10
_AT_ONCE = 8


def is_multi_label(part: Part) -> bool:
    """Whether a data set's pipeline loads a mask per class."""
    return bool(part.steps('LoadMultiLabelAnnotations'))


def check_multi_label(part: Part, seconds: float | None = None) -> list[Finding]:
    """What is wrong with the masks of a data set whose samples are listed.

    Args:
        part: The data set.
        seconds: Time after which no further sample is begun; None reads all.
    """
    step = {key: value for key, value in part.steps('LoadMultiLabelAnnotations')[0].items() if key != 'type'}
    loader, count = LoadMultiLabelAnnotations(**step), len(part.classes or ())
    faults, pixels, read = [], np.zeros(count, np.int64), 0
    end = float('inf') if seconds is None else time.monotonic() + seconds
    order = np.random.default_rng(0).permutation(len(part.samples))  # what is read in the time is spread over the whole
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for first in range(0, len(order), _AT_ONCE):
            if first and time.monotonic() > end:
                break
            chunk = order[first : first + _AT_ONCE]
            for found in pool.map(lambda index: _read(part.dataset, int(index), loader, count), chunk):
                read += 1
                if isinstance(found, str):
                    faults.append(found)
                else:
                    pixels += found
    return [*_faulty(part, faults, read), *_absent(part, pixels, read), _summary(part, read)]


def _read(dataset: Any, index: int, loader: LoadMultiLabelAnnotations, classes: int) -> np.ndarray | str:
    """Pixels of each class (K,), or what is wrong with the sample."""
    info = dataset.get_data_info(index)
    try:
        info['ori_shape'] = read_image(info['img_path'], 'unchanged').shape[:2]
        masks = loader.transform(info)['gt_seg_map']
    except (LiteSegError, ImageFileError) as error:
        return str(error)
    if masks.shape[2] != classes:
        return f'{info["seg_map_path"]}: {masks.shape[2]} masks, expected {classes}, one for each class'
    return (masks == 1).sum((0, 1))


def _faulty(part: Part, faults: list[str], read: int) -> Iterator[Finding]:
    if faults:
        what = f'{part.split}: the masks of {len(faults)} of {read} images cannot be used'
        cure = 'one mask per class and image, of its size, with 0 and one other value'
        yield Finding('error', 'class-masks', what, tuple(faults[:_WHERE]), '', cure, len(faults), part.split)


def _absent(part: Part, pixels: np.ndarray, read: int) -> Iterator[Finding]:
    absent = [name for name, count in zip(part.classes or (), pixels) if count == 0]
    if absent and read == len(part.samples):
        names = ', '.join(absent[:_WHERE])
        why = 'it cannot be learned' if part.split == 'train' else 'it has no IoU'
        yield Finding('warning', 'absent-class', f'{part.split}: no mask holds {names}', why=why, split=part.split)


def _summary(part: Part, read: int) -> Finding:
    what = f'{part.split}: {len(part.samples)} images with {len(part.classes or ())} masks each, {read} of them read'
    return Finding('note', 'class-masks-read', what, split=part.split)
