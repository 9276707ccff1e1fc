"""Paddle's files from the web, kept under names that tell them apart."""

from __future__ import annotations

import hashlib
import http.client
import os
import re
import sys
from contextlib import suppress
from urllib.error import HTTPError
from urllib.parse import unquote, urldefrag, urlsplit

import torch.hub
from torch.hub import download_url_to_file

from .errors import CheckpointFileError
from .files import PADDLE_SUFFIXES, PaddleFile, read_paddle_file


def cached_path(url: str) -> str:
    """Where the file behind ``url`` is kept: torch's folder of checkpoints, as for other downloads.

    All released models are called ``model.pdparams``, so a hash of the address is part of the name.
    """
    address, fragment = urldefrag(url)
    name = unquote((fragment or urlsplit(address).path).rsplit('/', 1)[-1])
    name = re.sub(r'[^\w.-]', '_', name)
    suffix = next((s for s in PADDLE_SUFFIXES if name.endswith(s)), '.pdparams')
    stem = name[: -len(suffix)] if name.endswith(suffix) else name
    digest = hashlib.sha256(address.encode()).hexdigest()[:8]
    return os.path.join(torch.hub.get_dir(), 'checkpoints', f'{stem}-{digest}{suffix}')


def read_paddle_url(url: str) -> PaddleFile:
    """Downloads a ``.pdparams`` or ``.tar.gz`` once and reads it. Only a file that could be read is kept.

    Args:
        url: Address, possibly with a fragment ``#/NAME.pdparams`` that gives the file a name of its own.

    Raises:
        CheckpointFileError: The server did not send it, or what it sent is cut off or no file of weights.
    """
    path = cached_path(url)
    if os.path.isfile(path):
        try:
            return read_paddle_file(path)
        except CheckpointFileError as error:
            raise CheckpointFileError(f'{error}; delete the file to download it again') from error
    os.makedirs(os.path.dirname(path), exist_ok=True)
    temporary = f'{path}.{os.getpid()}.part'
    try:
        download(url, temporary)
        # read before it gets its name: an error page must not be found there the next time
        file = read_paddle_file(temporary)
        os.replace(temporary, path)
    except CheckpointFileError as error:
        # the user knows the address, not our temporary file
        raise CheckpointFileError(str(error).replace(temporary, url)) from error.__cause__
    finally:
        with suppress(FileNotFoundError):
            os.unlink(temporary)
    file.path = path
    return file


def download(url: str, path: str) -> None:
    """Downloads what is behind an address, without its fragment, with a progress bar on a terminal.

    Raises:
        CheckpointFileError: The server did not send it.
    """
    try:
        download_url_to_file(urldefrag(url)[0], path, progress=sys.stderr.isatty())
    except HTTPError as error:
        raise CheckpointFileError(f'{url} could not be downloaded: the server answered {error}') from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise CheckpointFileError(f'{url} could not be downloaded: {error}') from error
