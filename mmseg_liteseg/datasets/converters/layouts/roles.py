"""Tells images from masks: by what names say, by the folders that the user names, or by what files hold."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path
from typing import Sequence

from mmseg_liteseg.wording import count

from ..errors import ConversionError
from .appearance import looks_like_mask
from .walk import Tree
from .words import Reading


def assign_roles(
    tree: Tree, readings: dict[Path, Reading], images: str | None, masks: str | None
) -> tuple[list[Path], list[Path], list[str]]:
    """Images, masks, and remarks for the user.

    Args:
        tree: The files.
        readings: What their names say.
        images: Folder of the images, relative to the tree, if the user names it.
        masks: Folder of the masks, likewise.

    Raises:
        ConversionError: If a named folder holds no images.
    """
    if images or masks:
        return _by_folders(tree, images, masks)
    roles = {path: reading.role for path, reading in readings.items()}
    if set(roles.values()) == {'other'}:  # then the word means something else here
        roles = dict.fromkeys(roles, '')
    notes = []
    if 'mask' not in roles.values() or 'image' not in roles.values():
        unclear = [path for path, role in roles.items() if not role or 'mask' not in roles.values()]
        notes += _settle_by_content(tree, unclear, roles)
    if 'mask' in roles.values():
        roles = {path: role or 'image' for path, role in roles.items()}
    chosen = {role: [path for path in tree.images if roles[path] == role] for role in ('image', 'mask', 'other')}
    if chosen['other']:
        notes.append(
            f'{count(len(chosen["other"]), "file")} left out, no images or class masks by name ({chosen["other"][0]})'
        )
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
        # images and masks may share a folder: by suffix and pattern of the names they part
        groups[(path.parent, path.suffix.lower(), _pattern(path.stem))].append(path)
    told = []
    for (folder, suffix, _), paths in groups.items():
        mask = looks_like_mask([tree.root / path for path in paths])
        roles.update(dict.fromkeys(paths, 'mask' if mask else 'image'))
        if mask:
            told.append(f'{folder.as_posix()}/*{suffix}')
    told = list(dict.fromkeys(told))  # several patterns of one folder
    return [f'taken for masks by what they hold: {", ".join(told[:5])}'] if told else []


def _pattern(stem: str) -> str:
    """A name with numbers left out: files of one convention share it."""
    return re.sub(r'\d+', '#', stem) if re.search(r'\d', stem) else re.sub(r'^[^_\-. ]+', '*', stem)
