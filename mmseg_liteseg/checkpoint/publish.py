"""Checkpoints fit to be given to others."""

from __future__ import annotations

import hashlib
import inspect
import io
import os
import warnings
from typing import Any, Callable

import torch
from torch import Tensor

from mmseg_liteseg.errors import SettingError

from .files import check_output, dumps_checkpoint, write_file
from .finite import describe_nonfinite
from .torch_file import read_torch_file

# Left out of meta: where files lay on the machine that trained.
_PRIVATE = ('hook_msgs',)


def publish(source: str, target: str, warn: Callable[[str], None] = warnings.warn) -> str:
    """Strips a checkpoint to its weights and meta and names it by its content, as in OpenMMLab's model zoos.

    Args:
        source: ``.pth`` of a training.
        target: ``NAME.pth``; the file becomes ``NAME-HASH.pth``, HASH being the first 8 digits of its sha256.
        warn: Told of NaN and infinite weights, which are written as they are.

    Returns:
        The path of the file.

    Raises:
        SettingError: ``target`` does not end in .pth.
        CheckpointFileError: ``source`` is broken or holds no state dict.
    """
    stem, suffix = os.path.splitext(target)
    if suffix != '.pth':
        raise SettingError(f'the output must end in .pth, got {target!r}')
    check_output(target)
    checkpoint = read_torch_file(source)
    nonfinite = describe_nonfinite(checkpoint['state_dict'])
    if nonfinite:
        warn(f'{source} {nonfinite}')
    # clones: a view would bring its whole storage along
    state_dict = {key: value.detach().clone().contiguous() for key, value in checkpoint['state_dict'].items()}
    meta = {key: value for key, value in checkpoint['meta'].items() if key not in _PRIVATE}
    data = dumps_checkpoint(dict(state_dict=state_dict, meta=meta))
    # before its name is known to anybody: a published file is not taken back
    _check_loads(data, state_dict)
    path = f'{stem}-{hashlib.sha256(data).hexdigest()[:8]}{suffix}'
    write_file(path, data)
    return path


def _check_loads(data: bytes, state_dict: dict[str, Any]) -> None:
    """Raises unless torch reads the file without running anything in it."""
    options = {'weights_only': True} if 'weights_only' in inspect.signature(torch.load).parameters else {}
    loaded = torch.load(io.BytesIO(data), map_location='cpu', **options)['state_dict']
    if loaded.keys() != state_dict.keys() or any(not _equal(loaded[key], state_dict[key]) for key in loaded):
        raise RuntimeError('the published file does not hold what was written to it')


def _equal(a: Tensor, b: Tensor) -> bool:
    """Whether two tensors hold the same bits: NaN is unlike itself."""
    return a.dtype == b.dtype and a.shape == b.shape and torch.equal(*(x.reshape(-1).view(torch.uint8) for x in (a, b)))
