"""Lists what a folder of someone's data holds, without what file managers, archives and tools leave there."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import ConversionError
from .vocabulary import IMAGE_SUFFIXES, JUNK_NAMES, TEXT_SUFFIXES


@dataclass
class Tree:
    """Files below ``root``, as paths relative to it in alphabetical order."""

    root: Path
    images: list[Path] = field(default_factory=list)
    texts: list[Path] = field(default_factory=list)
    others: list[Path] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def walk(root: Path, skip: Path | None = None) -> Tree:
    """Lists all files, following links to folders but none twice.

    Args:
        root: The folder.
        skip: A folder left out: the output of an earlier run, where it lies inside.

    Raises:
        ConversionError: If ``root`` is no folder, or holds no file.
    """
    if not root.is_dir():
        what = 'a file; unpack it and name the folder' if root.is_file() else 'no such folder'
        raise ConversionError(f'{root}: {what}')
    tree = Tree(root)
    # by real paths, so that a link to a folder above ends
    seen = {os.path.realpath(skip)} if skip else set()
    _walk_into(tree, root, seen)
    if not (tree.images or tree.texts or tree.others):
        raise ConversionError(f'{root}: the folder holds no files; expected images and their masks')
    return tree


def _walk_into(tree: Tree, folder: Path, seen: set[str]) -> None:
    real = os.path.realpath(folder)
    if real in seen:
        return
    seen.add(real)
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        tree.notes.append(f'{folder}: left out, not readable ({error.strerror})')
        return
    for entry in entries:
        # macOS puts ._a.png beside a.png in archives: no image, although it is called one
        if entry.name.startswith('.') or entry.name.lower() in JUNK_NAMES:
            continue
        path = Path(entry.path)
        try:
            is_folder, is_file = entry.is_dir(), entry.is_file()
        except OSError as error:  # a link to itself
            tree.notes.append(f'{path}: left out, not readable ({error.strerror})')
            continue
        if is_folder:
            _walk_into(tree, path, seen)
        elif is_file:
            _bucket(tree, path.suffix.lower()).append(path.relative_to(tree.root))
        else:
            tree.notes.append(f'{path}: left out, a link to nothing')


def _bucket(tree: Tree, suffix: str) -> list[Path]:
    if suffix in IMAGE_SUFFIXES:
        return tree.images
    return tree.texts if suffix in TEXT_SUFFIXES else tree.others
