"""A folder of masks per class: road/1.png and car/1.png both belong to 1.jpg."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Sequence

import numpy as np

from mmseg_liteseg.datasets.converters import ConversionError
from mmseg_liteseg.datasets.converters.layouts import Match
from mmseg_liteseg.datasets.converters.layouts.vocabulary import BACKGROUND_NAMES, MASK_WORDS
from mmseg_liteseg.datasets.converters.masks import ClassRow, FileSurvey, read_mask
from mmseg_liteseg.datasets.converters.masks.naming import class_colours

from .samples import LabelledFolder, Sample

_HALF = 127


def class_names(masks: Sequence[tuple[Path, ...]]) -> list[str]:
    """Names of the folders that hold a mask per class each; empty if masks lie otherwise.

    Example:
        >>> class_names([(Path('masks/car/1.png'), Path('masks/road/1.png')), (Path('masks/car/2.png'),)])
        ['car', 'road']
        >>> class_names([(Path('masks/1_mask.png'), Path('masks/1_mask_1.png'))])
        []
    """
    several = [group for group in masks if len(group) > 1]
    folders = Counter(class_of(mask) for group in masks for mask in group)
    apart = all(len({class_of(mask) for mask in group}) == len(group) for group in several)
    # a folder per class comes again with every image; a folder per image never does
    repeated = len(masks) == 1 or len(folders) < sum(folders.values())
    return sorted(folders) if several and apart and repeated and all(folders) else []


def class_of(mask: Path) -> str:
    """The folder's name without words such as masks."""
    words = [word for word in re.split(r'[_\-. ]+', mask.parent.name) if word.lower() not in MASK_WORDS]
    return '_'.join(words)


def read_class_folders(
    root: Path, matches: Sequence[Match], names: Sequence[str], surveys: dict[Path, FileSurvey]
) -> LabelledFolder:
    """Puts the masks of an image into one: 0 where no class is, in the order of the names where two are.

    Raises:
        ConversionError: If the masks of an image have several sizes.
    """
    objects = [name for name in names if name.lower() not in BACKGROUND_NAMES]
    rows = [
        ClassRow(name, colour, ())
        for name, colour in zip(['background', *objects], class_colours(1 + len(objects), first_black=True))
    ]
    by_name = {match.name: match.masks for match in matches}
    overlapping = Counter()

    def read(sample: Sample) -> np.ndarray:
        labels = np.zeros(sample.label_size, np.uint8)
        for mask in sorted(by_name[sample.name], key=lambda mask: names.index(class_of(mask))):
            if class_of(mask) not in objects:
                continue
            where = inside(root / mask)
            if where.shape != labels.shape:
                raise ConversionError(f'{root / mask}: size {where.shape}, the other masks have {labels.shape}')
            overlapping[sample.name] += int((labels[where] > 0).sum())
            labels[where] = 1 + objects.index(class_of(mask))
        return labels

    samples = []
    for match in matches:
        size = surveys[match.masks[0]].size
        sample = Sample(match.image, match.name, match.split, size, np.zeros(256, np.int64), match.masks[0])
        sample.counts = np.bincount(read(sample).ravel(), minlength=256)
        samples.append(sample)
    notes = [f'a folder of masks per class: {", ".join(names)}']
    share = sum(overlapping.values()) / max(sum(sample.counts.sum() for sample in samples), 1)
    if share:
        notes.append(f'{share:.2%} of the pixels are in several classes: the last by name is kept (--multi-label: all)')
    table = dict(source='a folder per class', classes=[dict(label=i, name=row.name) for i, row in enumerate(rows)])
    layout = f'masks such as {matches[0].masks[0].as_posix()} for images such as {matches[0].image.as_posix()}'
    return LabelledFolder(root, layout, rows, samples, read, False, table, notes)


def inside(path: Path) -> np.ndarray:
    """(H, W), bool: where a mask of one class is set."""
    codes = read_mask(path).as_colours()
    brightness = np.maximum.reduce([codes >> shift & 255 for shift in (0, 8, 16)])
    # 0 and 1, 0 and 255, or colours; JPEG's noise stays below the half
    return brightness > (_HALF if brightness.max() > _HALF else 0)
