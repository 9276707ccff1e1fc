"""Images that an annotation file lists and that are not there."""

from __future__ import annotations

from pathlib import Path
from typing import Sequence

from mmseg_liteseg.wording import are, count

from ..errors import ConversionError


def report_missing(path: Path, found: Sequence[object], missing: Sequence[str], notes: list[str]) -> None:
    """Notes that some are missing.

    Args:
        path: The file.
        found: What was read.
        missing: Names of images that are not there.
        notes: Gets the remark.

    Raises:
        ConversionError: All are missing.

    Example:
        >>> report_missing(Path('all.json'), [], ['a.jpg'], [])
        Traceback (most recent call last):
        ...
        mmseg_liteseg.datasets.converters.errors.ConversionError: all.json: none of the images that it lists (1) \
is there (such as a.jpg)
    """
    some = f'such as {missing[0]}' if missing else ''
    if not found:
        more = f' ({some})' if missing else ''
        raise ConversionError(f'{path}: none of the images that it lists ({len(missing)}) is there{more}')
    if missing:
        notes.append(f'{path}: {count(len(missing), "image")} that it lists {are(len(missing))} not there, {some}')
