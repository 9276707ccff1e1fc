"""One training at a time in a work folder."""

from __future__ import annotations

import errno
import os
import socket
from pathlib import Path

from mmseg_liteseg.errors import LiteSegError

LOCK = '.lock'


class FolderInUseError(LiteSegError):
    """Another process is training in the folder."""


class FolderLock:
    """Keeps other processes' trainings out of a folder; the system drops the lock of a process that was killed.

    Args:
        folder: Made if missing.

    Raises:
        FolderInUseError: Another process is training there; says which, as far as it is known.
    """

    def __init__(self, folder: str | os.PathLike) -> None:
        path = Path(folder) / LOCK
        path.parent.mkdir(parents=True, exist_ok=True)
        # not 'w', which would empty the holder's line before the lock is had
        self._file = path.open('a+', encoding='utf-8')
        try:
            import fcntl
        except ImportError:  # not on Windows
            return
        try:
            # not flock: processes that load data would inherit it, and outlive a kill by a moment
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EACCES, errno.EAGAIN):
                return  # a file system without locks
            self._file.seek(0)
            holder = self._file.read(100).strip() or 'another process'
            self.release()
            raise FolderInUseError(
                f'{folder}: {holder} is training there; name another folder with --work-dir, or end that one first'
            ) from None
        self._file.truncate(0)
        self._file.write(f'process {os.getpid()} on {socket.gethostname()}\n')
        self._file.flush()

    def __enter__(self) -> FolderLock:
        return self

    def __exit__(self, *error: object) -> None:
        self.release()

    def release(self) -> None:
        """Lets others in; the file stays, as removing it would let in two at once."""
        self._file.close()
