"""Masks against classes, all of a split: what is left to learn or to measure."""

from __future__ import annotations

from typing import Iterator, Sequence

from .finding import Finding
from .labels import count_labels, labels_of, short
from .scan import PartScan
from .setup import Setup
from .values import IGNORED

_WHERE = 10
_VALUES = 6
_MANY = 20  # masks, none of which holds a 1: then 255 was not meant for a void border


def check_learning(setup: Setup, split: str, scans: Sequence[PartScan]) -> list[Finding]:
    """What a split's masks leave to learn or to measure."""
    count = setup.num_classes
    masks = [(path, mask, labels_of(scan, mask)) for scan in scans for path, mask in scan.masks if mask.counts]
    classes = next((scan.part.classes for scan in scans if scan.part.classes), None)
    if count is None or classes is None:
        return []
    if not masks:
        return _check_class_masks(split, scans, classes)
    ignored = setup.ignore_index
    values = {value for _, mask, _ in masks for value in mask.counts}
    whole = all(scan.is_whole for scan in scans)
    # the commonest mistake with masks, and one that trains without a word to a high score
    if count > 1 and values == {0, IGNORED} and ignored == IGNORED and (whole or len(masks) >= _MANY):
        return [_zero_255(split, masks)]
    findings = []
    total = count_labels(scans, classes)
    there = {label for label in total.pixels if label != ignored}
    if max(there, default=0) >= count or max(values) > IGNORED:  # said already, and what they mean is not known
        return findings
    if not there or (len(there) == 1 and count > 1):
        findings.append(_nothing_to_learn(setup, split, scans, there, len(masks)))
    elif whole:
        findings += _absent(split, scans, classes, there, count)
    findings += _empty_masks(split, masks, ignored, count)
    if there and total.share(ignored) > 0.8:
        findings.append(
            Finding(
                'warning',
                'ignored-share',
                f'{split}: {total.share(ignored):.0%} of all pixels are ignored (label {ignored})',
                why='little is left to learn from or to measure',
                cure='check what 255 means in these masks',
                split=split,
            )
        )
    return findings


def _check_class_masks(split: str, scans: Sequence[PartScan], classes: Sequence[str]) -> list[Finding]:
    """Where a pixel may be of several classes: classes that are nowhere."""
    total = count_labels(scans, classes)
    if not total.masks or not all(scan.is_whole for scan in scans):
        return []
    return list(_absent(split, scans, classes, set(total.pixels), len(classes)))


def _zero_255(split: str, masks: list) -> Finding:
    files = [path for path, mask, _ in masks if IGNORED in mask.counts]
    return Finding(
        'error',
        'zero-255',
        f'{split}: all {len(masks)} masks hold only 0 and 255',
        tuple(files[:_WHERE]),
        '255 is ignored, so everything that was marked is left out and only class 0 is learned, with a score near 100',
        'write 1 instead of 255 (new_dataset does)',
        len(files),
        split,
    )


def _nothing_to_learn(setup: Setup, split: str, scans: Sequence[PartScan], there: set, count: int) -> Finding:
    """An error in training, if all masks were read; validation is poor with it, but possible."""
    classes = next(scan.part.classes for scan in scans if scan.part.classes)
    only = f'class {classes[next(iter(there))]!r} alone' if there and next(iter(there)) < len(classes) else 'nothing'
    raw = sorted({value for scan in scans for _, mask in scan.masks for value in mask.counts})
    cure = 'check the masks'
    if any(scan.part.reduce_zero_label for scan in scans):
        cure = 'set reduce_zero_label=False: it makes 0 ignored and moves all other values down by one'
    elif setup.ignore_index in raw and setup.ignore_index != IGNORED:
        cure = f'{setup.ignore_index} is ignored: leave ignore_index at {IGNORED} if it is a class'
    whole = all(scan.is_whole for scan in scans)
    return Finding(
        'error' if whole and (split == 'train' or not there) else 'warning',
        'one-class' if there else 'nothing-labelled',
        f'{split}: {only} is labelled in {count} masks, which hold {short(raw)}',
        (scans[0].masks[0][0],),
        'there is nothing to tell apart' if there else 'every pixel is ignored',
        cure,
        count,
        split,
    )


def _absent(split: str, scans: Sequence[PartScan], classes: Sequence[str], there: set, count: int) -> Iterator[Finding]:
    absent = [label for label in range(min(count, len(classes))) if label not in there]
    if not absent:
        return
    names = ', '.join(classes[label] for label in absent[:_VALUES]) + (', ...' if len(absent) > _VALUES else '')
    cure = 'move images that hold them into this split, or drop the classes'
    values = [value for scan in scans for _, mask in scan.masks for value in mask.counts if value != IGNORED]
    top = max(values, default=-1)
    has_zero = any(0 in mask.counts for scan in scans for _, mask in scan.masks)
    if absent[-1] == count - 1 and has_zero and top == count - 1 and scans[0].part.reduce_zero_label:
        cure = 'if 0 is a class, set reduce_zero_label=False: it makes 0 ignored and moves all else down by one'
    yield Finding(
        'warning',
        'absent-class',
        f'{split}: no mask holds {names}',
        why='it cannot be learned' if split == 'train' else 'its IoU will be nan or 0 and mIoU another than it seems',
        cure=cure,
        split=split,
    )


def _empty_masks(split: str, masks: list, ignored: int, count: int) -> Iterator[Finding]:
    """Masks of background alone, and masks with no label at all."""
    void = [path for path, _, labels in masks if set(labels) <= {ignored}]
    plain = [path for path, _, labels in masks if set(labels) - {ignored} == {0}]
    if void and len(void) < len(masks):
        yield Finding(
            'warning',
            'all-ignored',
            f'{split}: {len(void)} of {len(masks)} masks are ignored as a whole',
            tuple(void[:_WHERE]),
            'they cost time and teach nothing',
            'label them or take them out',
            len(void),
            split,
        )
    if plain and len(plain) < len(masks) and count > 1:
        yield Finding(
            'warning' if len(plain) > 0.5 * len(masks) else 'note',
            'all-background',
            f'{split}: {len(plain)} of {len(masks)} masks hold class 0 alone',
            tuple(plain[:_WHERE]),
            'fine for images without objects; many of them teach to predict nothing',
            count=len(plain),
            split=split,
        )
