"""Writes that fail: a full disk is reported by the system without the name of the file."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

_TRIED = 1 << 16  # bytes: less than any result, more than what a full disk still takes


@contextmanager
def naming(path: str | os.PathLike) -> Iterator[None]:
    """Says of a write that fails inside where it was going, and how much room there is.

    Python's ``write`` and ``flush`` know a file by its number only, so their errors name none; those that do pass
    unchanged.

    Args:
        path: A file, or the folder that all of the files are in.

    Raises:
        OSError: As inside, with a name.

    Example:
        >>> with naming('/tmp/a.png'):
        ...     raise OSError(28, 'No space left on device')  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        ...
        OSError: [Errno 28] No space left on device, ... bytes are free: '/tmp/a.png'
    """
    try:
        yield
    except OSError as error:
        if error.errno is None or error.filename is not None:
            raise
        reason = f'{error.strerror or os.strerror(error.errno)}, {free_bytes(path)} bytes are free'
        raise OSError(error.errno, reason, os.fspath(path)) from error


def check_writable(folder: str | os.PathLike) -> None:
    """Looks whether files can be written into a folder, be it there or not, before hours of work are lost for it.

    A file without a name is written and gone again; nothing is made.

    Args:
        folder: Whatever of it is there is tried.

    Raises:
        OSError: It is not a folder, the system says no, or the disk is full; with the folder that it is about.

    Example:
        >>> check_writable('/dev/null/out')
        Traceback (most recent call last):
        ...
        NotADirectoryError: [Errno 20] Not a directory: '/dev/null'
    """
    place = _nearest(folder)
    if not place.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(place))
    try:
        with naming(place), tempfile.TemporaryFile(dir=place) as file:
            file.write(bytes(_TRIED))
            file.flush()
    except OSError as error:  # its file name is that of the file tried
        raise OSError(error.errno, error.strerror, str(place)) from None


def _nearest(path: str | os.PathLike) -> Path:
    """What is there of a path."""
    place = Path(os.path.abspath(path))
    while not os.path.lexists(place):
        place = place.parent
    return place


def free_bytes(path: str | os.PathLike) -> int:
    """Room on the disk that a file, be it there or not, is on."""
    return shutil.disk_usage(_nearest(path)).free
