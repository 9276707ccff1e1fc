"""Files of weights: read whole, and written whole or not at all."""

from __future__ import annotations

import hashlib
import io
import os
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Iterator

import numpy as np
import torch

from .archive import GZIP_MAGIC, MAX_BYTES, read_tar_gz
from .errors import CheckpointFileError
from .pdparams import loads_pdparams

PADDLE_SUFFIXES = ('.pdparams', '.tar.gz', '.tgz')


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
    """Writes a file that either appears complete or not at all."""
    check_output(path)
    folder, name = os.path.split(os.path.abspath(path))
    temporary = os.path.join(folder, f'.{name}.{os.getpid()}.part')
    try:
        with open(temporary, 'xb') as file:
            file.write(data)
        os.replace(temporary, path)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(temporary)
        raise


def dumps_checkpoint(checkpoint: dict[str, Any]) -> bytes:
    """Bytes that ``torch.save`` writes; the same for the same checkpoint."""
    buffer = io.BytesIO()
    torch.save(checkpoint, buffer)
    return buffer.getvalue()
