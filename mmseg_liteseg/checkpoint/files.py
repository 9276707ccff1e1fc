"""Files of weights: read whole, and written whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import re
import shutil
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Iterator

import numpy as np
import torch

from .archive import GZIP_MAGIC, MAX_BYTES, read_tar_gz
from .errors import CheckpointFileError, CheckpointWriteError
from .pdparams import loads_pdparams

PADDLE_SUFFIXES = ('.pdparams', '.tar.gz', '.tgz')
PART = '.part'


@dataclass
class PaddleFile:
    """A file of Paddle weights.

    Attributes:
        path: Where it is.
        sha256: Of the file.
        arrays: Its arrays by their names in Paddle.
    """

    path: str
    sha256: str
    arrays: dict[str, np.ndarray]


def read_paddle_file(path: str) -> PaddleFile:
    """Reads a ``.pdparams`` file, or the one in a ``.tar.gz``, whatever the name says.

    Raises:
        FileNotFoundError: No such file.
        CheckpointFileError: Names the file and says what is wrong with it.
    """
    path = os.path.expanduser(path)
    if not os.path.isfile(path):
        raise FileNotFoundError(f'{path} is not a file: expected weights (.pdparams or .tar.gz)')
    with named(path):
        if os.path.getsize(path) > MAX_BYTES:
            raise CheckpointFileError(f'is larger than {MAX_BYTES >> 20} MiB')
        with open(path, 'rb') as file:
            data = file.read()
        sha256 = hashlib.sha256(data).hexdigest()
        return PaddleFile(path, sha256, loads_pdparams(read_tar_gz(data) if data.startswith(GZIP_MAGIC) else data))


@contextmanager
def named(path: str) -> Iterator[None]:
    """Puts the file's name in front of the messages of errors that only say what is wrong with it."""
    try:
        yield
    except CheckpointFileError as error:
        raise type(error)(f'{path} {error}') from error.__cause__


def check_output(path: str) -> None:
    """Raises unless ``path`` can be written: long work must not end in that discovery.

    Raises:
        FileNotFoundError: The folder does not exist.
        IsADirectoryError: It is a folder.
    """
    folder = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(folder):
        raise FileNotFoundError(f'cannot write {path}: there is no folder {folder}')
    if os.path.isdir(path):
        raise IsADirectoryError(f'cannot write {path}: it is a folder, expected the name of a file')


def write_file(path: str, data: bytes) -> None:
    """Writes a file that either appears complete or not at all, through crashes of the machine too.

    Raises:
        FileNotFoundError: The folder does not exist.
        CheckpointWriteError: No room, no permission or a broken disk; what was there before is left alone.
    """
    check_output(path)
    folder, name = os.path.split(os.path.abspath(path))
    # beside the target, as only within a file system is a rename one step
    temporary = os.path.join(folder, f'.{name}.{os.getpid()}{PART}')
    try:
        with open(temporary, 'wb') as file:
            file.write(data)
            file.flush()
            # before the rename, else a crash may leave the new name on an empty file
            os.fsync(file.fileno())
        os.replace(temporary, path)
        _sync_folder(folder)
    # Ctrl-C as well: nothing half-written stays
    except BaseException as error:
        with suppress(OSError):
            os.unlink(temporary)
        if isinstance(error, OSError):
            free = shutil.disk_usage(folder).free
            raise CheckpointWriteError(
                f'cannot write {path}: {error.strerror or error}. It needs {len(data)} bytes, {free} are free in '
                f'{folder}; what was written before is whole'
            ) from error
        raise


def _sync_folder(folder: str) -> None:
    """Makes the new name of a file last: fsync of the file alone keeps its content only."""
    if hasattr(os, 'O_DIRECTORY'):  # not on Windows
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        except OSError as error:
            # network file systems know no fsync of folders
            if error.errno not in (errno.EINVAL, errno.ENOTSUP):
                raise
        finally:
            os.close(descriptor)


def clear_parts(folder: str) -> list[str]:
    """Removes what :func:`write_file` had begun in a folder when its process was killed.

    Returns:
        Names of the removed files.
    """
    parts = [name for name in os.listdir(folder) if re.fullmatch(rf'\..+\.\d+{re.escape(PART)}', name)]
    for name in parts:
        with suppress(FileNotFoundError):
            os.unlink(os.path.join(folder, name))
    return parts


def dumps_checkpoint(checkpoint: dict[str, Any]) -> bytes:
    """Bytes that ``torch.save`` writes; the same for the same checkpoint."""
    buffer = io.BytesIO()
    torch.save(checkpoint, buffer)
    return buffer.getvalue()
