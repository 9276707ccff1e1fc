"""Several classes at a pixel: a folder of masks per class, or a band per class in one file."""

from __future__ import annotations

from pathlib import Path
from typing import Callable, Sequence

import numpy as np

from mmseg_liteseg.datasets.converters import ConversionError
from mmseg_liteseg.datasets.converters.layouts import Match
from mmseg_liteseg.datasets.converters.layouts.vocabulary import BACKGROUND_NAMES
from mmseg_liteseg.datasets.converters.masks import ClassFile, ClassRow
from mmseg_liteseg.datasets.converters.masks.naming import class_colours
from mmseg_liteseg.images import ImageFileError, decode_bands, read_file
from mmseg_liteseg.wording import count as plural

from .class_folders import ClassNaming, class_naming, inside, names_of
from .parallel import each
from .samples import LabelledFolder, Sample

Load = Callable[[Match], np.ndarray]


def read_class_masks(root: Path, matches: Sequence[Match], listed: ClassFile | None) -> LabelledFolder:
    """Keeps every class of a pixel; labels are (H, W, K), 0 and 1.

    Args:
        root: The folder.
        matches: Images, each with a mask per class, or with one that has a band per class.
        listed: Names of the bands.

    Raises:
        ConversionError: If masks lie or look otherwise, or the list has not a name for each band.
    """
    class_of = class_naming(matches)
    if class_of is not None:
        # nothing is its own class here: a pixel without any is the background
        names = [name for name in names_of(matches, class_of) if name.lower() not in BACKGROUND_NAMES]
        load, how = _from_masks(root, names, class_of), 'a mask per class'
    else:
        names, load = _from_bands(root, matches, listed)
        how = 'a band per class'

    def look(match: Match) -> Sample | str:
        try:
            labels = load(match)
        except (ConversionError, ImageFileError) as error:
            return str(error)
        counts = np.zeros(256, np.int64)
        counts[: len(names)] = labels.sum((0, 1))
        return Sample(match.image, match.name, match.split, labels.shape[:2], counts, match.masks[0])

    found = list(each(look, matches, 'masks'))
    samples = [sample for sample in found if isinstance(sample, Sample)]
    left_out = [reason for reason in found if isinstance(reason, str)]
    if not samples:
        raise ConversionError(f'{root}: no mask can be read; the first: {left_out[0]}')
    by_name = {match.name: match for match in matches}
    rows = [ClassRow(name, colour, ()) for name, colour in zip(names, class_colours(len(names)))]
    table = dict(source=how, classes=[dict(label=i, name=name) for i, name in enumerate(names)])
    notes = [f'several classes at a pixel, {how}: {", ".join(names)}']
    layout = f'masks such as {matches[0].masks[0].as_posix()} for images such as {matches[0].image.as_posix()}'
    read = _by_name(load, by_name)
    return LabelledFolder(root, layout, rows, samples, read, False, table, notes, left_out, multi_label=True)


def _by_name(load: Load, by_name: dict[str, Match]) -> Callable[[Sample], np.ndarray]:
    return lambda sample: load(by_name[sample.name])


def _from_masks(root: Path, names: list[str], class_of: ClassNaming) -> Load:
    def load(match: Match) -> np.ndarray:
        masks = {mask: inside(root / mask) for mask in match.masks if class_of(match, mask) in names}
        sizes = {mask.shape for mask in masks.values()}
        if len(sizes) != 1:
            raise ConversionError(f'{root / match.image}: its masks have sizes {sorted(sizes)}, expected one')
        labels = np.zeros((*sizes.pop(), len(names)), np.uint8)
        for mask, where in masks.items():
            labels[where, names.index(class_of(match, mask))] = 1
        return labels

    return load


def _from_bands(root: Path, matches: Sequence[Match], listed: ClassFile | None) -> tuple[list[str], Load]:
    def bands_of(path: Path) -> np.ndarray:
        return decode_bands(read_file(str(path)), str(path))

    first = root / matches[0].masks[0]
    try:
        count = bands_of(first).shape[2]
    except ImageFileError as error:
        raise ConversionError(str(error)) from error
    if count < 2 or any(len(match.masks) > 1 for match in matches):
        raise ConversionError(
            f'{first}: one mask of one channel says one class at a pixel; --multi-label expects a folder of masks per '
            'class (masks/road/1.png, masks/wet/1.png), or a band per class in one PNG or TIFF'
        )
    # bands have no names in most files
    names = [entry.name for entry in listed.entries] if listed else [f'class_{i}' for i in range(count)]
    if len(names) != count:
        raise ConversionError(f'{listed.path}: {plural(len(names), "class")}, but {first} has {plural(count, "band")}')

    def load(match: Match) -> np.ndarray:
        path = root / match.masks[0]
        bands = bands_of(path)
        if bands.shape[2] != count:
            raise ConversionError(f'{path}: {plural(bands.shape[2], "band")}, others {count}')
        for i in range(count):
            values = np.unique(bands[..., i])
            if (values != 0).sum() > 1:
                raise ConversionError(f'{path}: band {i} holds {values[:5].tolist()}, expected 0 and one other value')
        return (bands != 0).astype(np.uint8)

    return names, load
