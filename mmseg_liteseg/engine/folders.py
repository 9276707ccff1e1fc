"""Folders that a command line names."""

from __future__ import annotations

from pathlib import Path

from .errors import LaunchError


def require_folder(option: str, folder: str) -> None:
    """Refuses a path that cannot become a folder, before anything slow is built.

    Raises:
        LaunchError: There is a file of that name.
    """
    if Path(folder).exists() and not Path(folder).is_dir():
        raise LaunchError(f'{option} {folder}: expected a folder, found a file')
