"""A mask per class: road/1.png and car/1.png, or 1_road.png and 1_car.png, both belong to 1.jpg."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Callable, Sequence

import numpy as np

from mmseg_liteseg.datasets.converters import ConversionError
from mmseg_liteseg.datasets.converters.layouts import Match
from mmseg_liteseg.datasets.converters.layouts.vocabulary import BACKGROUND_NAMES, MASK_WORDS
from mmseg_liteseg.datasets.converters.masks import ClassRow, FileSurvey, read_mask
from mmseg_liteseg.datasets.converters.masks.naming import class_colours

from .samples import LabelledFolder, Sample

_HALF = 127
_BETWEEN = r'[_\-. ]+'

ClassNaming = Callable[[Match, Path], str]


def class_naming(matches: Sequence[Match], binary: bool = True) -> ClassNaming | None:
    """What tells a mask's class where there is a mask per class: its folder or its name; None if masks lie otherwise.

    Args:
        matches: Images with their masks.
        binary: Whether no mask holds more than two values.

    Example:
        >>> one = Match(Path('1.jpg'), (Path('masks/car/1.png'), Path('masks/road/1.png')), '', '1')
        >>> class_naming([one])(one, one.masks[0])
        'car'
        >>> other = Match(Path('1.jpg'), (Path('1_car_0.png'), Path('1_car_1.png'), Path('1_road.png')), '', '1')
        >>> class_naming([other])(other, other.masks[1])
        'car'
        >>> class_naming([Match(Path('1.jpg'), (Path('1_mask.png'), Path('1_mask_1.png')), '', '1')]) is None
        True
    """
    if not any(len(match.masks) > 1 for match in matches):
        return None
    if _tells(matches, class_of_folder, once=True):
        return class_of_folder
    return class_of_file if binary and _tells(matches, class_of_file, once=False) else None


def names_of(matches: Sequence[Match], class_of: ClassNaming) -> list[str]:
    """All classes, in order."""
    return sorted({class_of(match, mask) for match in matches for mask in match.masks})


def _tells(matches: Sequence[Match], class_of: ClassNaming, once: bool) -> bool:
    """Whether names are given to all masks, and again and again; ``once``: to one mask of an image at most."""
    # a folder per class comes again with every image; a folder per image never does
    found = [[class_of(match, mask) for mask in match.masks] for match in matches]
    counts = Counter(name for group in found for name in group)
    if not all(counts) or (once and any(len(set(group)) < len(group) for group in found)):
        return False
    again = len(counts) < sum(counts.values()) if once else 1 < len(counts) <= sum(counts.values()) / 2
    return again or (len(matches) == 1 and len(counts) > 1)


def class_of_folder(match: Match, mask: Path) -> str:
    """The folder's name without words such as masks."""
    words = [word for word in re.split(_BETWEEN, mask.parent.name) if word.lower() not in MASK_WORDS]
    return '_'.join(words)


def class_of_file(match: Match, mask: Path) -> str:
    """The file's name without the image's, numbers behind it and words such as mask; nothing where that is no word."""
    begins = mask.stem.lower().startswith(match.image.stem.lower())
    words = re.split(_BETWEEN, mask.stem[len(match.image.stem) :] if begins else mask.stem)
    words = [word.rstrip('0123456789') for word in words if word.lower() not in MASK_WORDS]
    name = '_'.join(word for word in words if word)
    return '' if re.search(r'\d', name) else name  # of hashes, letters and digits come mixed


def read_class_folders(
    root: Path, matches: Sequence[Match], class_of: ClassNaming, surveys: dict[Path, FileSurvey]
) -> LabelledFolder:
    """Puts the masks of an image into one: 0 where no class is, in the order of the names where two are.

    Raises:
        ConversionError: If the masks of an image have several sizes.
    """
    names = names_of(matches, class_of)
    objects = [name for name in names if name.lower() not in BACKGROUND_NAMES]
    rows = [
        ClassRow(name, colour, ())
        for name, colour in zip(['background', *objects], class_colours(1 + len(objects), first_black=True))
    ]
    by_name = {match.name: match for match in matches}
    overlapping = Counter()

    def read(sample: Sample) -> np.ndarray:
        labels = np.zeros(sample.label_size, np.uint8)
        match = by_name[sample.name]
        for name, mask in sorted((class_of(match, mask), mask) for mask in match.masks):
            if name not in objects:
                continue
            where = inside(root / mask)
            if where.shape != labels.shape:
                raise ConversionError(f'{root / mask}: size {where.shape}, the other masks have {labels.shape}')
            label = 1 + objects.index(name)
            overlapping[sample.name] += int(((labels[where] > 0) & (labels[where] != label)).sum())
            labels[where] = label
        return labels

    samples = []
    for match in matches:
        size = surveys[match.masks[0]].size
        sample = Sample(match.image, match.name, match.split, size, np.zeros(256, np.int64), match.masks[0])
        sample.counts = np.bincount(read(sample).ravel(), minlength=256)
        samples.append(sample)
    where = 'a folder of masks' if class_of is class_of_folder else 'a mask, or several,'
    notes = [f'{where} per class: {", ".join(names)}']
    share = sum(overlapping.values()) / max(sum(sample.counts.sum() for sample in samples), 1)
    if share:
        notes.append(f'{share:.2%} of the pixels are in several classes: the last by name is kept (--multi-label: all)')
    table = dict(source='a mask per class', classes=[dict(label=i, name=row.name) for i, row in enumerate(rows)])
    layout = f'masks such as {matches[0].masks[0].as_posix()} for images such as {matches[0].image.as_posix()}'
    return LabelledFolder(root, layout, rows, samples, read, False, table, notes)


def inside(path: Path) -> np.ndarray:
    """(H, W), bool: where a mask of one class is set."""
    codes = read_mask(path).as_colours()
    brightness = np.maximum.reduce([codes >> shift & 255 for shift in (0, 8, 16)])
    # 0 and 1, 0 and 255, or colours; JPEG's noise stays below the half
    return brightness > (_HALF if brightness.max() > _HALF else 0)
