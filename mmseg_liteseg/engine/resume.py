"""Finds what a training can go on from."""

from __future__ import annotations

import os
import re
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from string import Formatter
from typing import Iterator

from mmseg_liteseg.checkpoint.errors import CheckpointFileError
from mmseg_liteseg.checkpoint.files import clear_parts
from mmseg_liteseg.checkpoint.torch_file import read_torch_file
from mmseg_liteseg.images import shown

LAST = 'last_checkpoint'  # mmengine's name: holds the name of the newest checkpoint
STATE = 'resume.pth'  # the state between two checkpoints
_ZIP_MAGIC = b'PK\x03\x04'


@dataclass
class Found:
    """What a work folder holds.

    Attributes:
        path: The newest whole checkpoint; None without any.
        skipped: Those that were named or newer, and why they cannot be used.
    """

    path: str | None = None
    skipped: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """In words for the log."""
        yield from (f'Not resumed from {reason}' for reason in self.skipped)
        yield f'Resuming from {self.path}' if self.path else 'No checkpoint to resume from: starting at the beginning'


def find_checkpoint(work_dir: str, folder: str | None = None, template: str = 'iter_{}.pth') -> Found:
    """Looks for the newest whole checkpoint.

    The one that ``last_checkpoint`` names comes first. Where it is missing or broken, the others are tried, by their
    iterations. A name from before the folder was moved is looked for in the folder.

    Args:
        work_dir: Where ``last_checkpoint`` lies.
        folder: Where checkpoints lie, if elsewhere.
        template: Their names.
    """
    found, places = Found(), [Path(folder or work_dir), Path(work_dir)]
    named = _named(Path(work_dir), places)
    if named is not None:
        reason = why_not(named)
        if reason is None:
            found.path = str(named)
            return found
        found.skipped.append(f'{shown(named)}: {reason}')
    candidates = {path for place in places for path in _listed(place, template)} - {named}
    whole = []
    for path in sorted(candidates):
        reason = why_not(path)
        if reason is None:
            # by what the file says: resume.pth has no number in its name, and copies have new dates
            whole.append((read_torch_file(str(path))['meta'].get('iter', 0), str(path)))
        else:
            found.skipped.append(f'{path}: {reason}')
    found.path = max(whole)[1] if whole else None
    return found


def _named(work_dir: Path, places: list[Path]) -> Path | None:
    """The file that last_checkpoint names, wherever it is now."""
    pointer = work_dir / LAST
    name = pointer.read_bytes().decode(errors='replace').strip('\0\r\n\t ') if pointer.is_file() else ''
    if not name:
        return None
    tries = [work_dir / name, *(place / os.path.basename(name) for place in places)]  # an absolute name stays itself
    # not Path.is_file, which raises where a name is too long to be one
    return next((path for path in tries if os.path.isfile(path)), tries[0])


def _listed(folder: Path, template: str) -> Iterator[Path]:
    """Checkpoints that can be resumed from, by name: not the best ones, which hold weights alone."""
    pattern = re.compile(pattern_of(template))
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.is_file() and (path.name == STATE or pattern.fullmatch(path.name)):
            yield path


def pattern_of(template: str) -> str:
    """Regular expression for the names that a template such as ``iter_{}.pth`` gives."""
    return ''.join(
        re.escape(text) + ('' if field_name is None else r'\d+')
        for text, field_name, _, _ in Formatter().parse(template)
    )


def why_not(path: str | Path) -> str | None:
    """Why a file is no whole checkpoint, or None if it is one; reads all of it."""
    path = Path(path)
    if not os.path.isfile(path):
        return 'no such file'
    if not path.stat().st_size:
        return 'it is empty'
    try:
        if is_half(path):
            return f'it is cut off after {path.stat().st_size} bytes'
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                # every part has a checksum: a block that the disk lost shows here, not in the weights
                broken = archive.testzip()
            return f'its part {broken} is damaged' if broken else None
        read_torch_file(str(path))  # torch's old format has no checksums
    except (CheckpointFileError, zipfile.BadZipFile, OSError, ValueError) as error:
        return f'it cannot be read ({error})'
    return None


def is_half(path: Path) -> bool:
    """Whether a file is empty, or begins as torch's archives do and has no end: nothing can be read from it."""
    with path.open('rb') as file:
        head = file.read(len(_ZIP_MAGIC))
    return not head or (head == _ZIP_MAGIC and not zipfile.is_zipfile(path))


def clear_halves(folder: str, template: str) -> list[str]:
    """Removes what killed trainings had begun to write: our parts, and checkpoints that are cut off.

    Returns:
        Names of the removed files.
    """
    removed = clear_parts(folder)
    pattern = re.compile(rf'({re.escape(STATE)}|(best_.+_)?{pattern_of(template)})')
    for path in Path(folder).iterdir():
        if path.is_file() and pattern.fullmatch(path.name) and is_half(path):
            path.unlink()
            removed.append(path.name)
    return removed
