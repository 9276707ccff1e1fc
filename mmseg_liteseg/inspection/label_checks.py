"""Masks against classes, file by file: channels and values."""

from __future__ import annotations

from typing import Iterator

from .finding import Finding
from .labels import labels_of, short
from .scan import PartScan
from .setup import Setup
from .values import IGNORED, explain_values, to_labels

_WHERE = 10


def check_masks(setup: Setup, scan: PartScan) -> list[Finding]:
    """What is wrong with the masks of one data set, file by file."""
    return [*_check_colours(scan), *_check_values(setup, scan), *_check_lossy(scan)]


def _check_lossy(scan: PartScan) -> Iterator[Finding]:
    """Values between those of two classes may be a third class's."""
    lossy = [path for path, mask in scan.masks if mask.format == 'JPEG' and mask.channels == 1]
    if lossy:
        yield Finding(
            'warning',
            'jpeg-mask',
            f'{scan.part.split}: {len(lossy)} of {len(scan.masks)} masks are saved as JPEG',
            tuple(lossy[:_WHERE]),
            'it changes values along edges, which may come out as other classes',
            'write PNG from the source of the masks (new_dataset rounds those of areas, if there is no other source)',
            len(lossy),
            scan.part.split,
        )


def _check_colours(scan: PartScan) -> Iterator[Finding]:
    wrong = [(path, mask) for path, mask in scan.masks if mask.channels > 1]
    if not wrong:
        return
    colours = {colour for _, mask in wrong for colour in mask.colours}
    modes = ', '.join(sorted({mask.mode or f'{mask.channels} bands' for _, mask in wrong}))
    grey = all(len(set(colour[:3])) == 1 for colour in colours) and all(mask.channels >= 3 for _, mask in wrong)
    values = sorted({colour[0] for colour in colours})
    jpeg = any(mask.format == 'JPEG' for _, mask in wrong)
    cure = 'write index masks of one channel (new_dataset does, from colour codes too)'
    if grey:
        cure = f'keep one channel; it holds {short(values)}'
    elif modes == 'LA':
        cure = 'drop the second channel (transparency)'
    elif _look_like_masks(scan):
        cure = 'the images hold one channel: data_prefix.img_path and seg_map_path look swapped'
    if jpeg:
        cure += '; JPEG has changed some pixels, so start from the source if you can'
    yield Finding(
        'error',
        'colour-mask',
        f'{scan.part.split}: {len(wrong)} of {len(scan.masks)} masks have several channels ({modes})',
        tuple(
            f'{path} ({mask.mode or mask.channels}, colours {short(list(mask.colours))})'
            for path, mask in wrong[:_WHERE]
        ),
        'a mask has one channel with a class number in each pixel',
        cure,
        len(wrong),
        scan.part.split,
    )


def _look_like_masks(scan: PartScan) -> bool:
    """Whether the images are stored as label images are."""
    return bool(scan.images) and all(
        facts.mode in ('1', 'L', 'P') and facts.format == 'PNG' for _, facts in scan.images
    )


def _check_values(setup: Setup, scan: PartScan) -> Iterator[Finding]:
    """Values that are neither a class nor ignored, with the likely cause."""
    count, ignored = setup.num_classes, setup.ignore_index
    if count is None:
        return
    wrong = []
    for path, mask in scan.masks:
        labels = labels_of(scan, mask)
        beyond = {label for label in labels if label >= count and label != ignored}
        values = [v for v in mask.counts if not 0 <= v <= IGNORED or beyond & set(_one(scan, v))]
        if values or not mask.is_whole:
            wrong.append((path, mask, values))
    if not wrong:
        return
    every = {value for _, mask in scan.masks for value in mask.counts}
    # of all values, right ones too: the pattern shows in their whole
    cause, cure = explain_values(every, count, [mask for _, mask, _ in wrong])
    found = sorted({value for _, _, values in wrong for value in values})
    expected = f'0..{count - 1} (num_classes={count}) or {ignored} (ignored)'
    if scan.part.reduce_zero_label:
        expected = f'1..{count} (num_classes={count}, less 1 by reduce_zero_label) or 0 and 255 (ignored)'
    if found == [IGNORED] and ignored != IGNORED:
        cause, cure = f'255 is not ignored, as ignore_index is {ignored}', 'leave ignore_index at 255'
    yield Finding(
        'error',
        'labels-beyond',
        f'{scan.part.split}: {len(wrong)} of {len(scan.masks)} masks hold {short(found)}, expected {expected}',
        tuple(f'{path} ({short(values)})' for path, _, values in wrong[:_WHERE]),
        cause,
        cure,
        len(wrong),
        scan.part.split,
    )


def _one(scan: PartScan, value: int) -> dict[int, int]:
    return to_labels({value: 1}, scan.part.reduce_zero_label, getattr(scan.part.dataset, 'label_map', None))
