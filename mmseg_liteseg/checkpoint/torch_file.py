"""Reads ``.pth`` files without running anything that they hold, on every version of torch.

``load_torch`` gives the whole checkpoint, as ``torch.load`` does; ``read_torch_file`` its weights and plain values.
Whoever trusts a file says so: ``mmseg_liteseg.trust``.
"""

from __future__ import annotations

import inspect
import os
import re
import tarfile
import warnings
import zipfile
from contextlib import contextmanager, suppress
from typing import Any, BinaryIO, Iterator

import numpy as np
import torch

from mmseg_liteseg.trust import TRUST_OPTION, TRUST_VARIABLE, is_trusted

from . import torch_pickle
from .config_text import check_config_texts
from .errors import BrokenCheckpointError, CheckpointFileError, UnsafeCheckpointError

_HOW_TO_TRUST = f'. If you trust whoever made it, let it: {TRUST_OPTION}, or {TRUST_VARIABLE}=1 in the environment'
_ZIP_MAGIC = b'PK\x03\x04'


def load_torch(file: str | BinaryIO, map_location: Any = None, name: str | None = None) -> Any:
    """As ``torch.load``, but what is neither data nor known to be harmless is refused, not run.

    Args:
        file: Path, or an open file.
        map_location: As in ``torch.load``.
        name: What messages call the file [its path].

    Raises:
        FileNotFoundError: No such file.
        UnsafeCheckpointError: It names something that would have to be run; says what, and how to allow it.
        BrokenCheckpointError: It is broken or no PyTorch checkpoint.

    Example:
        >>> checkpoint = load_torch('epoch_1.pth', map_location='cpu')           # doctest: +SKIP
    """
    if isinstance(file, (str, os.PathLike)):
        path = os.path.expanduser(file)
        if not os.path.isfile(path):
            raise FileNotFoundError(f'{path} is not a file: expected a .pth')
        with open(path, 'rb') as stream:
            return load_torch(stream, map_location, name or str(file))
    name = name or getattr(file, 'name', 'the checkpoint')
    try:
        if is_trusted():
            return _torch_load(file, map_location)
        # first, as torch.load would run these before our unpickler is asked
        _refuse_programs(file)
        checkpoint = _torch_load(file, map_location, pickle_module=torch_pickle)
        # the text itself is harmless until mmengine runs it as a config
        check_config_texts(checkpoint)
        return checkpoint
    except UnsafeCheckpointError as error:
        raise UnsafeCheckpointError(f'{name} {error}{_HOW_TO_TRUST}') from None
    except Exception as error:  # torch promises no particular error for broken files
        first_line = (str(error).splitlines() or [''])[0][:200]
        kind = '' if isinstance(error, CheckpointFileError) else f'{type(error).__name__}: '
        raise BrokenCheckpointError(
            f'{name} is no PyTorch checkpoint, or its download was cut off ({kind}{first_line})'
        ) from error


def _refuse_programs(file: BinaryIO) -> None:
    """Refuses the kinds of file that ``torch.load`` hands to readers of its own, whatever it unpickles with."""
    start = file.tell()
    if file.read(4) == _ZIP_MAGIC:
        file.seek(start)
        _refuse_packed(file)
        file.seek(start)
        if 'constants.pkl' in torch._C.PyTorchFileReader(file).get_all_records():
            raise UnsafeCheckpointError('is a TorchScript archive, which is a program: give a checkpoint (state_dict)')
    elif _is_tar(file, start):
        raise UnsafeCheckpointError('is a tar archive, the format of PyTorch before 0.4, which cannot be read safely')
    file.seek(start)


def _refuse_packed(file: BinaryIO) -> None:
    """Names what is in a zip archive that is no checkpoint itself; of a damaged one torch's reader says more."""
    with suppress(zipfile.BadZipFile):
        names = [name for name in zipfile.ZipFile(file).namelist() if not name.endswith('/')]
        if not any(re.fullmatch(r'[^/]+/data\.pkl', name) for name in names):
            held = ', '.join(names[:3]) or 'nothing'
            raise CheckpointFileError(f'is a zip archive of {held[:200]}: unpack it, and give the checkpoint in it')


def _is_tar(file: BinaryIO, start: int) -> bool:
    file.seek(start)
    try:
        tarfile.open(fileobj=file, mode='r:').close()
    except tarfile.TarError:
        return False
    return True


def _torch_load(file: BinaryIO, map_location: Any, **options: Any) -> Any:
    # torch's safe reader takes no other unpickler; older torch has no such argument
    if 'weights_only' in inspect.signature(torch.load).parameters:
        options['weights_only'] = False
    with _unforced(), warnings.catch_warnings():
        warnings.filterwarnings('ignore', message='.*TypedStorage is deprecated')
        return torch.load(file, map_location=map_location, **options)


@contextmanager
def _unforced() -> Iterator[None]:
    """Hides the variable by which torch refuses any reader but its own; ours is no less strict."""
    forced = os.environ.pop('TORCH_FORCE_WEIGHTS_ONLY_LOAD', None)
    try:
        yield
    finally:
        if forced is not None:
            os.environ['TORCH_FORCE_WEIGHTS_ONLY_LOAD'] = forced


def read_torch_file(path: str) -> dict[str, Any]:
    """Reads the weights of a ``.pth``.

    Returns:
        Dictionary with at least ``state_dict`` (str -> Tensor) and ``meta`` (plain values; empty if there is none).

    Raises:
        FileNotFoundError: No such file.
        CheckpointFileError: The file is broken, unsafe or holds no state dict.
    """
    checkpoint = load_torch(path, 'cpu')
    if not isinstance(checkpoint, dict):
        raise CheckpointFileError(
            f'{path} holds a {type(checkpoint).__name__}, expected a dictionary with a state_dict'
        )
    state_dict = checkpoint.get('state_dict', checkpoint)
    if not isinstance(state_dict, dict) or not state_dict:
        raise CheckpointFileError(f'{path} holds no state_dict')
    for key, value in state_dict.items():
        if not isinstance(key, str) or not isinstance(value, torch.Tensor):
            raise CheckpointFileError(
                f'{path} holds a {type(value).__name__} under {key!r} of its state_dict, not a tensor'
            )
    meta = checkpoint.get('meta') if 'state_dict' in checkpoint else None
    return dict(state_dict=dict(state_dict), meta=plain(meta) if isinstance(meta, dict) else {})


def plain(value: Any) -> Any:
    """``value`` without anything that is not a number, text, None, or a list, tuple or dictionary of these.

    numpy's numbers become Python's: torch's ``weights_only`` refuses them.
    """
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items() if isinstance(k, (str, int)) and _is_plain(v)}
    if isinstance(value, (list, tuple)):
        return type(value)(plain(v) for v in value if _is_plain(v))
    return value.item() if isinstance(value, np.generic) else value


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, (bool, int, float, str, list, tuple, dict, np.number, np.bool_))
