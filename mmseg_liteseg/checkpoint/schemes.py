"""Makes mmengine read PyTorch's checkpoints safely wherever it reads any, from disk and from every kind of address.

Importing this module takes the place of mmengine's own readers: OpenMMLab's unpickles whatever it is given (for web
addresses torch's default is the same), onedl-mmengine's does so where safe loading fails, after a warning.
"""

from __future__ import annotations

import io
import os
import sys
import tempfile
from contextlib import suppress
from typing import Any, Callable
from urllib.parse import urlsplit

import torch.hub
from mmengine.dist import barrier, get_rank
from mmengine.fileio import get_file_backend
from mmengine.runner import CheckpointLoader
from mmengine.runner import checkpoint as host

from .download import download
from .errors import BrokenCheckpointError, CheckpointFileError, UnsafeCheckpointError
from .torch_file import load_torch


def load_from_local(filename: str, map_location: Any = None) -> Any:
    """Loads a local file.

    Raises:
        FileNotFoundError: No such file.
        CheckpointFileError: It is broken, or would have to be run to be read.
    """
    return load_torch(filename, map_location)


def load_from_http(filename: str, map_location: Any = None) -> Any:
    """Loads a file from the web and keeps it where torch keeps its downloads; the first process of several fetches it.

    Raises:
        CheckpointFileError: It could not be downloaded, is broken, or would have to be run to be read.
    """
    path = os.path.join(
        torch.hub.get_dir(), 'checkpoints', os.path.basename(urlsplit(filename).path) or 'checkpoint.pth'
    )
    try:
        # several would write to one path; the barrier stands in finally, so that an error leaves none waiting
        if get_rank() == 0 and not os.path.isfile(path):
            _fetch(filename, path)
    finally:
        barrier()
    if not os.path.isfile(path):  # a folder of its own on each machine
        _fetch(filename, path)
    try:
        return load_torch(path, map_location, name=filename)
    except BrokenCheckpointError as error:
        raise BrokenCheckpointError(f'{error}; delete {path} to download it again') from error.__cause__


def _fetch(url: str, path: str) -> None:
    """Downloads beside ``path``; only what can be read, or is refused for what it would run, is kept as ``path``."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    print(f'downloading {url} to {path}', file=sys.stderr)
    handle, temporary = tempfile.mkstemp(suffix='.part', dir=os.path.dirname(path))
    os.close(handle)
    try:
        download(url, temporary)
        with suppress(UnsafeCheckpointError):
            load_torch(temporary, 'cpu', name=url)  # torch's download does not notice that it was cut off
        os.replace(temporary, path)
    finally:
        if os.path.exists(temporary):
            os.unlink(temporary)


def load_from_ceph(filename: str, map_location: Any = None, backend: str = 'petrel') -> Any:
    """Loads an object of a store that mmengine has a client for (``s3://``, ``petrel://``).

    Raises:
        CheckpointFileError: It is broken, or would have to be run to be read.
    """
    client = get_file_backend(filename, backend_args={'backend': backend})
    with io.BytesIO(client.get(filename)) as file:
        return load_torch(file, map_location, name=filename)


def load_from_torchvision(filename: str, map_location: Any = None) -> Any:
    """Loads torchvision's weights by name.

    Raises:
        CheckpointFileError: There are none of this name, or see ``load_from_http``.
    """
    return load_from_http(_look_up(host.get_torchvision_models(), filename), map_location)


def load_from_openmmlab(filename: str, map_location: Any = None) -> Any:
    """Loads weights by their name in mmengine's list.

    Raises:
        CheckpointFileError: There are none of this name, or see ``load_from_http``.
    """
    renamed = host.get_deprecated_model_names()
    scheme, name = filename.split('://', 1)
    place = _look_up(host.get_external_models(), f'{scheme}://{renamed.get(name, name)}')
    if place.startswith(('http://', 'https://')):
        return load_from_http(place, map_location)
    return load_from_local(os.path.join(host._get_mmengine_home(), place), map_location)


def load_from_mmcls(filename: str, map_location: Any = None) -> Any:
    """Loads the backbone of a classifier by its name in mmengine's list.

    Raises:
        CheckpointFileError: There are none of this name, or see ``load_from_http``.
    """
    return host._process_mmcls_checkpoint(load_from_http(_look_up(host.get_mmcls_models(), filename), map_location))


def _look_up(models: dict[str, str], filename: str) -> str:
    scheme, name = filename.split('://', 1)
    if name not in models:
        raise CheckpointFileError(f'{filename}: no model of that name among the {len(models)} of {scheme}://')
    return models[name]


_LOADERS: dict[tuple[str, ...], Callable] = {
    ('',): load_from_local,
    ('http://', 'https://'): load_from_http,
    (r'(\S+\:)?s3://', r'(\S+\:)?petrel://'): load_from_ceph,
    ('modelzoo://', 'torchvision://'): load_from_torchvision,
    ('open-mmlab://', 'openmmlab://'): load_from_openmmlab,
    ('mmcls://',): load_from_mmcls,
}


def register() -> None:
    """Puts our readers in the place of mmengine's; of the schemes it knows, one that we have none for is taken away."""
    for prefixes, loader in _LOADERS.items():
        CheckpointLoader.register_scheme(prefixes, loader, force=True)
    for prefix, loader in list(CheckpointLoader._schemes.items()):
        if loader.__module__ == host.__name__:  # pavi://, whose client is not public; others are the user's own
            del CheckpointLoader._schemes[prefix]


register()
