"""Lists of splits: mmseg's one column, PaddleSeg's two, PASCAL VOC's ImageSets."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path, PurePosixPath
from typing import Iterable

from mmseg_liteseg.wording import count

from .vocabulary import SPLIT_WORDS
from .walk import Tree
from .words import split_of_name

_MAX_BYTES = 64 << 20
_SHARE, _LEAST_SHARE = 0.8, 0.2
"""A text file is a list of images if at least this share of its lines name one; less do if its name is a split's."""
_RANKS = {'test': 0, 'val': 1, 'train': 2, '': 3}


class Index:
    """Finds a file by what a list calls it: a path from some folder above, with or without its suffix."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self._by_name: dict[str, list[PurePosixPath]] = defaultdict(list)
        for path in paths:
            posix = PurePosixPath(path.as_posix())
            self._by_name[posix.name].append(posix)
            if posix.stem != posix.name:
                self._by_name[posix.stem].append(posix)

    def find(self, entry: str) -> list[Path]:
        """All files that the entry may mean.

        Example:
            >>> Index([Path('images/train/a.jpg')]).find('train/a')
            [PosixPath('images/train/a.jpg')]
        """
        parts = [part for part in entry.replace('\\', '/').split('/') if part not in ('', '.')]
        if not parts:
            return []
        found = self._by_name.get(parts[-1], [])
        # A list may be written relative to another folder: the folders both know must agree.
        exact = [path for path in found if _ends_with(path.parts[:-1], parts[:-1])]
        return [Path(path) for path in exact or (found if len(found) == 1 else [])]

    def find_beside(self, file: Path, entry: str) -> list[Path]:
        """All files that an entry of ``file`` may mean: those in the file's own folder, or else any.

        Example:
            >>> index = Index([Path('day/a.jpg'), Path('night/a.jpg')])
            >>> index.find_beside(Path('night/labels.json'), 'a.jpg')
            [PosixPath('night/a.jpg')]
        """
        return self.find((file.parent / entry).as_posix()) or self.find(entry)


def _ends_with(folders: tuple[str, ...], wanted: list[str]) -> bool:
    shorter = min(len(folders), len(wanted))
    return list(folders[len(folders) - shorter :]) == wanted[len(wanted) - shorter :]


class SplitLists:
    """What the lists of a tree say.

    Attributes:
        splits: Image or mask (relative path) -> split.
        pairs: Image -> mask, where a list has two columns.
        files: The lists that were used.
        notes: Remarks for the user.
    """

    def __init__(self, tree: Tree) -> None:
        self.splits: dict[Path, str] = {}
        self.pairs: dict[Path, Path] = {}
        self.files: list[Path] = []
        self.notes: list[str] = []
        self._from: dict[Path, Path] = {}
        index = Index(tree.images)
        for path in sorted(tree.texts, key=_priority):
            if path.suffix.lower() in ('.txt', '.lst', '.csv'):
                self._read(tree.root, path, index)

    def _read(self, root: Path, path: Path, index: Index) -> None:
        split = split_of_name(path.stem)
        lines = _lines(root / path)
        rows = [row for row in (_columns(line, index) for line in lines) if row]
        named = path.stem.lower() in SPLIT_WORDS
        if named and lines and len(rows) < len(lines):
            self.notes.append(_missing(path, rows, lines, index))
        # a README or a list of classes names an image now and then
        if not rows or len(rows) < (_LEAST_SHARE if named else _SHARE) * len(lines):
            return
        if not split and not any(len(row) > 1 for row in rows):
            return
        self.files.append(path)
        for row in rows:
            if len(row) == 2:
                self.pairs.setdefault(row[0][0], row[1][0])
        if split:
            self._divide(path, split, [file for row in rows for found in row for file in found])

    def _divide(self, path: Path, split: str, files: list[Path]) -> None:
        """Puts files into a split; those of two lists of a folder are tested on, not trained on."""
        twice = [file for file in files if self._from.get(file, path) != path and self.splits[file] != split]
        twice = [file for file in twice if self._from[file].parent == path.parent]
        if twice:
            other = self._from[twice[0]]
            self.notes.append(
                f'{count(len(twice), "file")} in {path} and {other} ({twice[0]}): taken for {self.splits[twice[0]]}'
            )
        for file in files:
            # the first list wins, in the order of _priority
            self._from.setdefault(file, path)
            self.splits.setdefault(file, split)


def _priority(path: Path) -> tuple[bool, int, int, str]:
    """VOC's lists for segmentation come before those for detection; what is tested on before what is trained on."""
    rank = _RANKS[split_of_name(path.stem)]
    return ('segmentation' not in path.as_posix().lower(), len(path.parts), rank, path.as_posix())


def _missing(path: Path, rows: list, lines: list[str], index: Index) -> str:
    first = next(line for line in lines if not _columns(line, index))
    unused = '' if len(rows) >= _LEAST_SHARE * len(lines) and rows else ': the list is not used'
    return f'{path}: {len(lines) - len(rows)} of {count(len(lines), "line")} name no image here ({first[:60]}){unused}'


def _lines(path: Path) -> list[str]:
    try:
        if path.stat().st_size > _MAX_BYTES:
            return []
        text = path.read_text(encoding='utf-8-sig', errors='replace')
    except OSError:
        return []
    return [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith('#')]


def _columns(line: str, index: Index) -> list[list[Path]]:
    """One or two columns as files; nothing if the line is no such thing."""
    for separator in ('\t', ',', r'\s+'):
        cells = [cell.strip() for cell in re.split(separator, line) if cell.strip()]
        if len(cells) == 2:
            found = [index.find(cell) for cell in cells]
            if all(found):
                return found
    whole = index.find(line)
    return [whole] if whole else []
