"""Finds which mask belongs to which image."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Iterable

from mmseg_liteseg.wording import count

from ..errors import ConversionError
from .lists import SplitLists
from .matching import match_names
from .roles import assign_roles
from .twins import listed_first, one_of_each
from .vocabulary import ARCHIVE_SUFFIXES, COLOUR_WORDS, IMAGE_WORDS, SPLIT_WORDS
from .walk import Tree
from .words import Reading, rank, read_name

_COVERAGE = 0.9
"""A convention's masks may be preferred to another's if they cover this share of the images that the other covers."""


@dataclass
class Match:
    """An image with its masks (several, where objects or classes have a file each), as relative paths."""

    image: Path
    masks: tuple[Path, ...]
    split: str
    name: str


@dataclass
class Found:
    """Pairs, and what was left over."""

    matches: list[Match]
    images_alone: list[Path] = field(default_factory=list)
    masks_alone: list[Path] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def left_out(self) -> list[str]:
        """What was left over, each file with the reason."""
        taken = {_strict(match.image): match.image for match in self.matches}
        lines = []
        for path in self.images_alone:
            twin = taken.get(_strict(path))
            lines.append(
                f'{path}: an image without a mask'
                if twin is None
                else f'{path}: has the same name as {twin}, which the mask was given to; keep one of the two, or list '
                '"image mask" line by line in a file pairs.txt'
            )
        return [*lines, *(f'{path}: a mask without an image' for path in self.masks_alone)]


def find_pairs(tree: Tree, lists: SplitLists, images: str | None = None, masks: str | None = None) -> Found:
    """Pairs the images of a tree with their masks.

    Args:
        tree: The files.
        lists: What split lists say; their two-column pairs come first.
        images: Folder of the images, relative to the tree, where names do not tell.
        masks: Folder of the masks, likewise.

    Raises:
        ConversionError: If no pair is found; the message says what was.
    """
    readings = {path: read_name(path) for path in tree.images}
    image_files, mask_files, notes = assign_roles(tree, readings, images, masks)
    # somebody has written down the pairs: no guess is better
    if lists.pairs:
        found = _by_lists(lists, image_files, mask_files)
    else:
        found = _by_names(readings, image_files, mask_files, lists)
    found.notes += notes
    if not found.matches:
        raise ConversionError(_nothing(tree, image_files, mask_files))
    for match in found.matches:
        said = lists.splits.get(match.image) or lists.splits.get(match.masks[0])
        match.split = said or readings[match.image].split or readings[match.masks[0]].split
    return found


def _by_lists(lists: SplitLists, image_files: Iterable[Path], mask_files: Iterable[Path]) -> Found:
    matches = [Match(image, (mask,), '', _name(image)) for image, mask in lists.pairs.items()]
    masks = set(lists.pairs.values())
    found = Found(matches)
    found.images_alone = [path for path in image_files if path not in lists.pairs and path not in masks]
    found.masks_alone = [path for path in mask_files if path not in masks and path not in lists.pairs]
    found.notes.append(f'pairs as listed in {", ".join(str(path) for path in lists.files[:3])}')
    return found


def _by_names(
    readings: dict[Path, Reading], image_files: list[Path], mask_files: list[Path], lists: SplitLists
) -> Found:
    families: dict[tuple[str, ...], list[Path]] = defaultdict(list)
    for path in mask_files:
        families[_family(readings[path])].append(path)
    # by convention, as color and labelIds masks of one image would be two masks of it
    able = listed_first(image_files, lists.splits)
    trials = {family: match_names(readings, able, paths) for family, paths in families.items()}
    merged, notes = _choose(trials)
    found = Found([], notes=notes)
    used_images, used_masks = set(), set()
    twins = []
    for image, masks in sorted(merged.items()):
        kept = one_of_each(masks)
        twins += sorted(set(masks) - set(kept))
        found.matches.append(Match(image, tuple(kept), '', _name(image)))
        used_images.add(image)
        used_masks.update(masks)
    if twins:
        number = count(len(twins), 'mask')
        found.notes.append(f'{number} of the same name as another, not used: {twins[0]}{", .." if twins[1:] else ""}')
    skipped = {path for family, paths in families.items() for path in paths if not trials[family] or not used_masks}
    considered = [path for family in families for path in families[family] if used_masks & set(families[family])]
    found.images_alone = [path for path in image_files if path not in used_images]
    found.masks_alone = sorted((set(considered) | skipped) - used_masks)
    _distinct_names(found.matches)
    return found


def _family(reading: Reading) -> tuple[str, ...]:
    return tuple(sorted(set(reading.family) - (IMAGE_WORDS - COLOUR_WORDS) - set(SPLIT_WORDS)))


def _choose(trials: dict[tuple[str, ...], dict[Path, list[Path]]]) -> tuple[dict[Path, list[Path]], list[str]]:
    """Of several conventions over the same images the one that says most; over different images, all of them."""
    order = sorted(
        (family for family in trials if trials[family]),
        key=lambda family: (-len(trials[family]), rank(family), family),
    )
    merged: dict[Path, list[Path]] = {}
    notes, passed = [], []
    while order:
        first = order[0]
        rivals = [family for family in order if len(set(trials[family]) & set(trials[first])) > len(trials[family]) / 2]
        able = [family for family in rivals if _covers(family, trials[family], trials[first])]
        best = min(able, key=lambda family: (rank(family), -len(trials[family]), family))
        passed += [family for family in rivals if family != best]
        for image, masks in trials[best].items():
            merged.setdefault(image, masks)
        order = [family for family in order if family not in rivals and family != first]
    if passed:
        kinds = '; '.join(' '.join(family) or '(no words)' for family in passed)
        notes.append(f'several kinds of masks for the same images: not used are those named {kinds}')
    return merged, notes


def _covers(family: tuple[str, ...], pairs: dict, most: dict) -> bool:
    """Whether it is worth choosing; where a hand drew labels (DRIVE's 1st_manual), `mask` is the field of view."""
    return len(pairs) >= _COVERAGE * len(most) or (bool(pairs) and 'manual' in family)


def _strict(image: Path) -> tuple[str, str, str]:
    """What tells an image from others of its folder, but for the suffix."""
    reading = read_name(image)
    return reading.split, reading.folder, reading.core.lower()


def _name(image: Path) -> str:
    return image.with_suffix('').as_posix()


def _distinct_names(matches: list[Match]) -> None:
    """a.jpg and a.png, each with a mask, become two masks."""
    counts = Counter(match.name.lower() for match in matches)
    for match in matches:
        if counts[match.name.lower()] > 1:
            match.name = f'{match.name}_{match.image.suffix[1:]}'


def _nothing(tree: Tree, images: list[Path], masks: list[Path]) -> str:
    def some(paths: list[Path]) -> str:
        return f'{len(paths)} ({", ".join(path.as_posix() for path in paths[:3])}{", .." if len(paths) > 3 else ""})'

    if not tree.images:
        kinds = Counter(path.suffix.lower() for path in (*tree.texts, *tree.others))
        held = ', '.join(f'{number} {suffix or "without suffix"}' for suffix, number in kinds.most_common(5))
        packed = '; unpack them first' if kinds.keys() & ARCHIVE_SUFFIXES else ''
        return f'{tree.root}: no images; found {held}{packed}'
    if not masks or not images:
        side = 'masks' if images else 'images'
        return (
            f'{tree.root}: no {side} found among {some(tree.images)}{_unread(tree)}; name the folders with --images '
            'and --masks, such as --images photos --masks labels'
        )
    return (
        f'{tree.root}: none of the masks {some(masks)} has the name of one of the images {some(images)}; '
        'give them the same names, or list "image mask" line by line in a file pairs.txt there'
    )


def _unread(tree: Tree) -> str:
    """What lies beside the images and may be meant."""
    kinds = Counter(path.suffix.lower() for path in tree.others if path.suffix)
    if not kinds:
        return ''
    suffix, number = kinds.most_common(1)[0]
    cure = 'unpack them first' if suffix in ARCHIVE_SUFFIXES else 'write masks as PNG'
    return f' (beside {number} {suffix}, which are not read: {cure})'
