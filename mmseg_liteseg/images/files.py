"""Bytes of a file, or one line that says why there are none."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from .errors import ImageFileError

_KINDS = {
    stat.S_IFIFO: 'a pipe',
    stat.S_IFSOCK: 'a socket',
    stat.S_IFCHR: 'a device',
    stat.S_IFBLK: 'a device',
    stat.S_IFDIR: 'a folder',
}


def shown(path: str | Path) -> str:
    r"""A file's name as part of one line: control characters and bytes that are no text are escaped.

    >>> shown('two\nlines.png')
    'two\\nlines.png'
    """
    return ''.join(c if c.isprintable() else c.encode('unicode_escape', 'surrogatepass').decode() for c in str(path))


def read_file(path: str | Path) -> bytes:
    """Reads a regular file.

    Args:
        path: Of the file. Links are followed.

    Returns:
        What is in it, at least one byte.

    Raises:
        ImageFileError: there is no such file, it may not be read, is empty, or is a pipe or a device, which could be
            waited for without end.

    Example:
        >>> read_file('nowhere.png')
        Traceback (most recent call last):
        ...
        mmseg_liteseg.images.errors.ImageFileError: image nowhere.png: no such file
    """
    try:
        check_regular(path)
        data = Path(path).read_bytes()
    except ImageFileError:
        raise
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        raise ImageFileError(f'image {shown(path)}: cannot be read ({reason_of(error)})') from None
    if not data:
        raise ImageFileError(f'image {shown(path)}: the file is empty')
    return data


def check_regular(path: str | Path) -> None:
    """Looks at what a name stands for, without opening it.

    Raises:
        ImageFileError: it is no regular file.
        OSError: it cannot be looked at.
    """
    try:
        kind = stat.S_IFMT(os.stat(path).st_mode)
    except FileNotFoundError:
        if os.path.islink(path):
            target = shown(os.readlink(path))
            raise ImageFileError(f'image {shown(path)}: a link to {target}, which is not there') from None
        raise ImageFileError(f'image {shown(path)}: no such file') from None
    if kind != stat.S_IFREG:
        raise ImageFileError(f'image {shown(path)}: expected a file, found {_KINDS.get(kind, "something else")}')


def reason_of(error: BaseException) -> str:
    """The gist of an error, without the file's name, in one line.

    >>> reason_of(PermissionError(13, 'Permission denied', 'a.png'))
    'Permission denied'
    """
    text = getattr(error, 'strerror', None) or str(error) or type(error).__name__
    return shown(text.strip().splitlines()[0] if text.strip() else type(error).__name__)[:300]
