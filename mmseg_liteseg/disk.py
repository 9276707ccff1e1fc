"""Writes that fail: a full disk is reported by the system without the name of the file."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator


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


def free_bytes(path: str | os.PathLike) -> int:
    """Room on the disk that a file, be it there or not, is on."""
    place = Path(os.path.abspath(path))
    # the file may be the first in folders that were to be made
    while not place.exists():
        place = place.parent
    return shutil.disk_usage(place).free
