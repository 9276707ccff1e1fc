"""Folders that a command line names."""

from __future__ import annotations

from pathlib import Path

from mmseg_liteseg.disk import check_writable
from mmseg_liteseg.images import shown

from .errors import LaunchError


def require_folder(option: str, folder: str) -> None:
    """Refuses a path that cannot become a folder, before anything slow is built.

    Raises:
        LaunchError: There is a file of that name, it may not be written, or the disk is full.
    """
    if Path(folder).exists() and not Path(folder).is_dir():
        raise LaunchError(f'{option} {folder}: expected a folder, found a file')
    try:
        check_writable(folder)
    except OSError as error:
        reason = f'{error.strerror} in {shown(error.filename)}'
        message = f'{shown(folder)}: cannot be written ({reason}); name another folder with {option}'
        raise LaunchError(message) from error
