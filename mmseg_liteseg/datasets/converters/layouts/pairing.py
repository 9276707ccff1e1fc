"""Finds which mask belongs to which image."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Iterable, Sequence

from ..errors import ConversionError
from .appearance import looks_like_mask
from .lists import SplitLists
from .vocabulary import COLOUR_WORDS, IMAGE_WORDS, SPLIT_WORDS
from .walk import Tree
from .words import Reading, rank, read_name

# How two names are compared, the strictest way first.
_KEYS: tuple[Callable[[Reading], tuple], ...] = (
    lambda reading: (reading.split, reading.folder, reading.core),
    lambda reading: (reading.folder, reading.core),
    lambda reading: (reading.split, reading.core),
    lambda reading: (reading.core,),
    lambda reading: (reading.core.lower(),),
)
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
    image_files, mask_files, notes = _assign_roles(tree, readings, images, masks)
    if lists.pairs:
        found = _by_lists(lists, image_files, mask_files)
    else:
        found = _by_names(readings, image_files, mask_files)
    found.notes += notes
    if not found.matches:
        raise ConversionError(_nothing(tree, image_files, mask_files))
    for match in found.matches:
        said = lists.splits.get(match.image) or lists.splits.get(match.masks[0])
        match.split = said or readings[match.image].split or readings[match.masks[0]].split
    return found


def _assign_roles(
    tree: Tree, readings: dict[Path, Reading], images: str | None, masks: str | None
) -> tuple[list[Path], list[Path], list[str]]:
    if images or masks:
        return _by_folders(tree, images, masks)
    roles = {path: reading.role for path, reading in readings.items()}
    notes = []
    if 'mask' not in roles.values() or 'image' not in roles.values():
        unclear = [path for path, role in roles.items() if not role or 'mask' not in roles.values()]
        notes += _settle_by_content(tree, unclear, roles)
    if 'mask' in roles.values():
        roles = {path: role or 'image' for path, role in roles.items()}
    chosen = {role: [path for path in tree.images if roles[path] == role] for role in ('image', 'mask', 'other')}
    if chosen['other']:
        notes.append(f'{len(chosen["other"])} files left out, no images or class masks by name ({chosen["other"][0]})')
    return chosen['image'], chosen['mask'], notes


def _by_folders(tree: Tree, images: str | None, masks: str | None) -> tuple[list[Path], list[Path], list[str]]:
    for option, folder in (('--images', images), ('--masks', masks)):
        if folder and not any(_inside(path, folder) for path in tree.images):
            raise ConversionError(f'{option} {folder}: no images in {tree.root / folder}')
    mask_files = [path for path in tree.images if _inside(path, masks) and not _inside(path, images, masks)]
    chosen = set(mask_files)
    return [path for path in tree.images if _inside(path, images) and path not in chosen], mask_files, []


def _inside(path: Path, folder: str | None, outer: str | None = None) -> bool:
    """Whether a path is in a folder; without a folder, everything is. With ``outer``: and the folder is in that one."""
    if folder is None:
        return outer is None
    parts = Path(folder).parts
    if outer is not None and Path(outer).parts != parts[: len(Path(outer).parts)]:
        return False
    return path.parts[: len(parts)] == parts


def _settle_by_content(tree: Tree, unclear: Sequence[Path], roles: dict[Path, str]) -> list[str]:
    """Tells masks from images by looking at some, folder by folder and suffix by suffix."""
    groups: dict[tuple, list[Path]] = defaultdict(list)
    for path in unclear:
        groups[(path.parent, path.suffix.lower(), _pattern(path.stem))].append(path)
    told = []
    for (folder, suffix, _), paths in groups.items():
        mask = looks_like_mask([tree.root / path for path in paths])
        roles.update(dict.fromkeys(paths, 'mask' if mask else 'image'))
        if mask:
            told.append(f'{folder.as_posix()}/*{suffix}')
    return [f'taken for masks by what they hold: {", ".join(told[:5])}'] if told else []


def _pattern(stem: str) -> str:
    """A name with numbers left out: files of one convention share it."""
    return re.sub(r'\d+', '#', stem) if re.search(r'\d', stem) else re.sub(r'^[^_\-. ]+', '*', stem)


def _by_lists(lists: SplitLists, image_files: Iterable[Path], mask_files: Iterable[Path]) -> Found:
    matches = [Match(image, (mask,), '', _name(image)) for image, mask in lists.pairs.items()]
    masks = set(lists.pairs.values())
    found = Found(matches)
    found.images_alone = [path for path in image_files if path not in lists.pairs and path not in masks]
    found.masks_alone = [path for path in mask_files if path not in masks and path not in lists.pairs]
    found.notes.append(f'pairs as listed in {", ".join(str(path) for path in lists.files[:3])}')
    return found


def _by_names(readings: dict[Path, Reading], image_files: list[Path], mask_files: list[Path]) -> Found:
    families: dict[tuple[str, ...], list[Path]] = defaultdict(list)
    for path in mask_files:
        families[_family(readings[path])].append(path)
    trials = {family: _pair(readings, image_files, paths) for family, paths in families.items()}
    merged, notes = _choose(trials)
    found = Found([], notes=notes)
    used_images, used_masks = set(), set()
    for image, masks in sorted(merged.items()):
        found.matches.append(Match(image, tuple(sorted(masks)), '', _name(image)))
        used_images.add(image)
        used_masks.update(masks)
    skipped = {path for family, paths in families.items() for path in paths if not trials[family] or not used_masks}
    considered = [path for family in families for path in families[family] if used_masks & set(families[family])]
    found.images_alone = [path for path in image_files if path not in used_images]
    found.masks_alone = sorted((set(considered) | skipped) - used_masks)
    _distinct_names(found.matches)
    return found


def _family(reading: Reading) -> tuple[str, ...]:
    return tuple(sorted(set(reading.family) - (IMAGE_WORDS - COLOUR_WORDS) - set(SPLIT_WORDS)))


def _pair(readings: dict[Path, Reading], images: list[Path], masks: list[Path]) -> dict[Path, list[Path]]:
    """Image -> masks of one family, by the strictest comparison of names that leaves least unpaired."""
    best: dict[Path, list[Path]] = {}
    for key in _KEYS:
        trial = _pair_by(images, masks, lambda path, key=key: key(readings[path]))
        if len(trial) > len(best):
            best = trial
    if not best:
        best = _pair_by_affix(images, masks)
    return best or _pair_by_folder(images, masks)


def _pair_by(images: list[Path], masks: list[Path], key: Callable[[Path], tuple]) -> dict[Path, list[Path]]:
    by_key: dict[tuple, list[Path]] = defaultdict(list)
    for path in images:
        by_key[key(path)].append(path)
    pairs: dict[Path, list[Path]] = defaultdict(list)
    for mask in masks:
        found = by_key.get(key(mask), [])
        if len(found) == 1:
            pairs[found[0]].append(mask)
        elif found:  # a.jpg and a.png beside each other: the one whose folders are most like the mask's
            pairs[min(found, key=lambda path: _distance(path, mask))].append(mask)
    return dict(pairs)


def _distance(one: Path, other: Path) -> tuple[int, str]:
    return len(set(one.parts[:-1]) ^ set(other.parts[:-1])), one.as_posix()


def _pair_by_affix(images: list[Path], masks: list[Path]) -> dict[Path, list[Path]]:
    """Compares names without what all images, or all masks, begin and end with: scene7.png and truth_7_final.png."""
    cut_image, cut_mask = _cutter(images), _cutter(masks)
    keys = Counter(cut_image(path.stem) for path in images)
    if max(keys.values(), default=0) > 1:
        return {}
    by_key = {cut_image(path.stem): path for path in images}
    return {by_key[cut_mask(path.stem)]: [path] for path in masks if cut_mask(path.stem) in by_key}


def _cutter(paths: list[Path]) -> Callable[[str], str]:
    stems = [path.stem for path in paths]
    head = _common_start(stems).rstrip('0123456789')
    tail = _common_start([stem[len(head) :][::-1] for stem in stems])[::-1].lstrip('0123456789')
    return lambda stem: stem[len(head) : len(stem) - len(tail)]


def _common_start(texts: list[str]) -> str:
    """What all of several texts begin with; of a single one nothing, since it would be all of it."""
    if len(texts) < 2:
        return ''
    first, last = min(texts), max(texts)
    return next((first[:i] for i, letter in enumerate(first) if last[i : i + 1] != letter), first)


def _pair_by_folder(images: list[Path], masks: list[Path]) -> dict[Path, list[Path]]:
    """A folder per image, with its masks in it or in a folder beside: ID/images/ID.png, ID/masks/*.png."""
    homes: dict[Path, list[Path]] = defaultdict(list)
    for path in images:
        homes[path.parent.parent].append(path)
    return {
        homes[home][0]: [mask for mask in masks if mask.parent.parent == home]
        for home in {mask.parent.parent for mask in masks}
        if len(homes.get(home, ())) == 1
    }


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
        held = ', '.join(f'{count} {suffix or "without suffix"}' for suffix, count in kinds.most_common(5))
        return f'{tree.root}: no images; found {held}'
    if not masks or not images:
        side = 'masks' if images else 'images'
        return (
            f'{tree.root}: no {side} found among {some(tree.images)}; name the folders with --images and --masks, '
            'such as --images photos --masks labels'
        )
    return (
        f'{tree.root}: none of the masks {some(masks)} has the name of one of the images {some(images)}; '
        'give them the same names, or list "image mask" line by line in a file pairs.txt there'
    )
