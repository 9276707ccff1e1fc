"""mmengine's way to files on disk, with whole files or none."""

from __future__ import annotations

import os
from pathlib import Path

from mmengine.fileio import LocalBackend, register_backend

from .files import write_file

WHOLE_FILES = 'mmseg_liteseg.whole_files'


class WholeFilesBackend(LocalBackend):
    """Writes files beside their place and moves them there when they are on disk."""

    def put(self, obj: bytes, filepath: str | Path) -> None:
        """Writes bytes; the folder is made where it is missing.

        Raises:
            CheckpointWriteError: Names the file and the bytes it needs.
        """
        os.makedirs(os.path.dirname(os.path.abspath(filepath)), exist_ok=True)
        write_file(os.fspath(filepath), obj)


register_backend(WHOLE_FILES, WholeFilesBackend, force=True)
