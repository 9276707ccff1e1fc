"""Makes mmengine read Paddle's weights wherever it reads checkpoints.

Importing this module registers ``.pdparams`` and ``.tar.gz``, local and on the web, with mmengine's CheckpointLoader:
``load_from``, ``init_model(cfg, 'x.pdparams')``, ``init_cfg=dict(type='Pretrained', checkpoint='x.pdparams')``, ...
"""

from __future__ import annotations

from typing import Any

import torch
from mmengine.dist import barrier, get_rank
from mmengine.runner import CheckpointLoader

from .download import read_paddle_url
from .files import PaddleFile, read_paddle_file
from .guard import mark
from .paddle import to_checkpoint

# mmengine tries its patterns in reverse alphabetical order, so these come before 'http' and before '' (local files).
_LOCAL = r'(?!\S*://).*\.(pdparams|tar\.gz|tgz)$'
_WEB = r'https?://.*\.(pdparams|tar\.gz|tgz)([?#].*)?$'


def load_from_paddle(filename: str, map_location: Any = None) -> dict[str, Any]:
    """Loads a local file of Paddle's weights.

    Args:
        filename: ``.pdparams`` or ``.tar.gz``.
        map_location: Device of the tensors.

    Returns:
        Checkpoint with ``state_dict`` and ``meta``.

    Raises:
        FileNotFoundError: No such file.
        CheckpointFileError: The file does not hold a PP-LiteSeg or an STDC encoder.
    """
    return _checkpoint(read_paddle_file(filename), None, map_location)


def load_from_paddle_url(filename: str, map_location: Any = None) -> dict[str, Any]:
    """Loads Paddle's weights from an http(s) address; the first process downloads, the others wait.

    Args:
        filename: Address of a ``.pdparams`` or ``.tar.gz``, possibly with a fragment ``#/NAME.pdparams``.
        map_location: Device of the tensors.

    Raises:
        CheckpointFileError: The file could not be downloaded, or see ``load_from_paddle``.
    """
    file = None
    try:
        if get_rank() == 0:
            file = read_paddle_url(filename)
    finally:
        barrier()
    # the others find the first one's download in the cache
    return _checkpoint(file or read_paddle_url(filename), filename, map_location)


def _checkpoint(file: PaddleFile, source: str | None, map_location: Any) -> dict[str, Any]:
    checkpoint, _ = to_checkpoint(file, source)
    state_dict = checkpoint['state_dict']
    if isinstance(map_location, (str, torch.device)):
        for key, tensor in state_dict.items():
            state_dict[key] = tensor.to(map_location)
    # after moving: a tensor on another device is a new one, without the mark
    mark(state_dict, source or file.path)
    return checkpoint


CheckpointLoader.register_scheme(_LOCAL, load_from_paddle, force=True)
CheckpointLoader.register_scheme(_WEB, load_from_paddle_url, force=True)
