"""Reads ``.pth`` files for their tensors and plain values alone, on every version of torch.

Checkpoints of a training hold the message hub and the optimiser, whose classes ``torch.load`` runs or refuses depending
on its version. Here whatever is not a tensor or a plain value becomes an inert object, and nothing of it runs.
"""

from __future__ import annotations

import inspect
import pickle
from typing import Any, BinaryIO

import torch

from .errors import CheckpointFileError

_ALLOWED = {
    ('collections', 'OrderedDict'),
    ('torch', 'Size'),
    ('torch._utils', '_rebuild_parameter'),
    ('torch._utils', '_rebuild_tensor'),
    ('torch._utils', '_rebuild_tensor_v2'),
}


class _Inert:
    """Takes the place of an object of any class; takes any state and forgets it."""

    def __new__(cls, *args: Any, **kwargs: Any) -> _Inert:
        return super().__new__(cls)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    def _ignore(self, *args: Any) -> None:
        pass

    __setstate__ = __setitem__ = append = extend = _ignore


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _ALLOWED or (module == 'torch' and name.endswith('Storage')):
            return super().find_class(module, name)
        return _Inert


class _PickleModule:
    """What ``torch.load`` wants of a pickle module."""

    __name__ = 'pickle'
    Unpickler = _Unpickler

    @staticmethod
    def load(file: BinaryIO, **kwargs: Any) -> Any:
        return _Unpickler(file, **kwargs).load()


def read_torch_file(path: str) -> dict[str, Any]:
    """Reads a ``.pth``.

    Returns:
        Dictionary with at least ``state_dict`` (str -> Tensor) and ``meta`` (plain values; empty if there is none).

    Raises:
        CheckpointFileError: The file is broken or holds no state dict.
    """
    options = {'weights_only': False} if 'weights_only' in inspect.signature(torch.load).parameters else {}
    try:
        checkpoint = torch.load(path, map_location='cpu', pickle_module=_PickleModule, **options)
    except FileNotFoundError:
        raise FileNotFoundError(f'{path} is not a file: expected a .pth') from None
    except Exception as error:  # torch promises no particular error for broken files
        first_line = (str(error).splitlines() or [''])[0][:200]
        raise CheckpointFileError(
            f'{path} is no PyTorch checkpoint, or its download was cut off ({type(error).__name__}: {first_line})'
        ) from error
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
    """``value`` without anything that is not a number, text, None, or a list, tuple or dictionary of these."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items() if isinstance(k, (str, int)) and _is_plain(v)}
    if isinstance(value, (list, tuple)):
        return type(value)(plain(v) for v in value if _is_plain(v))
    return value


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, (bool, int, float, str, list, tuple, dict))
