"""What a PyTorch checkpoint may name, and what takes its place when the pickle is read.

Functions and classes that can only make data: torch's tensors, numpy's arrays, Python's containers, mmengine's message
hub. What the user allowed by ``torch.serialization.add_safe_globals`` is allowed here too.
"""

from __future__ import annotations

import codecs
import datetime
import pathlib
import re
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from collections import Counter, OrderedDict, defaultdict
from typing import Any, Callable

import numpy as np
import torch
from mmengine.config import ConfigDict
from mmengine.logging import HistoryBuffer

from .errors import CheckpointFileError, UnsafeCheckpointError
from .safe_pickle import SafeGlobal

_ARRAY_CODE = re.compile(r'[<>|=]?([biufc?]\d{0,2}|[SU]\d{0,6}|O8?)')
_HISTORY_FIELDS = {'max_length': int, '_log_history': np.ndarray, '_count_history': np.ndarray}
_STORAGES = (('torch.storage', 'UntypedStorage'), ('torch', 'UntypedStorage'))
_ARRAY_MODULES = ('numpy.core.multiarray', 'numpy._core.multiarray')


class Function(SafeGlobal):
    """A function or class whose calls are harmless once ``check`` has seen the arguments.

    Args:
        function: What is called.
        check: Gives the arguments back, changed where need be, or raises.
    """

    def __init__(self, function: Callable, check: Callable[[tuple], tuple] | None = None) -> None:
        self.function, self.check = function, check

    def call(self, args: tuple) -> Any:
        """Result of the call."""
        return self.function(*(self.check(args) if self.check else args))


class _History(SafeGlobal):
    """mmengine's HistoryBuffer."""

    def new(self, args: tuple) -> HistoryBuffer:
        """An empty one."""
        return HistoryBuffer()


class _Allowed(Function):
    """What the user named to torch as safe; taken at their word."""

    def new(self, args: tuple) -> Any:
        """An object without state."""
        return self.function.__new__(self.function, *args)


class Globals:
    """Table of what one pickle may name.

    Args:
        budget: Bytes of text that may be turned into bytes: a few memoised characters could become gigabytes.
    """

    def __init__(self, budget: int) -> None:
        self.budget = budget
        # read for each file: users add to torch's list at any time
        self.allowed = _allowed_by_user()
        self.kinds = tuple(entry.function for entry in self.allowed.values() if isinstance(entry.function, type))
        self.own = {
            ('_codecs', 'encode'): Function(self._encode),
            ('builtins', 'getattr'): Function(_method_of_history),
        }

    def find(self, module: str, name: str) -> Any:
        """Stand-in for a global.

        Raises:
            UnsafeCheckpointError: The file may not refer to it.
        """
        # Python 2's names, in which protocol 2 writes even today
        module, name = NAME_MAPPING.get((module, name), (IMPORT_MAPPING.get(module, module), name))
        key = module, name
        for table in (self.own, _TABLE, self.allowed):
            if key in table:
                return table[key]
        value = getattr(torch, name, None) if module == 'torch' else None
        # constants: nothing of torch that can be called comes through here
        if isinstance(value, (torch.dtype, torch.qscheme, torch.layout, torch.memory_format)):
            return value
        if key in _STORAGES:
            return torch.UntypedStorage  # itself, not a stand-in: torch compares it; nothing here would call it
        raise _refusal(f'{module}.{name}')

    def _encode(self, text: str, encoding: str = 'latin1') -> bytes:
        if type(text) is not str or encoding not in ('latin1', 'latin-1', 'utf-8'):
            raise CheckpointFileError('encodes text in an unknown way')
        self.budget -= len(text)
        if self.budget < 0:
            raise CheckpointFileError('uses the same bytes again and again: it would need more memory than it may')
        return codecs.encode(text, encoding)


def _refusal(name: str) -> UnsafeCheckpointError:
    return UnsafeCheckpointError(
        f'refers to {name[:120]!a}, which no checkpoint needs: it may be an attack. Nothing in it was run'
    )


def restore(target: Any, state: Any, names: Globals) -> None:
    """Gives an object of a pickle its state.

    Raises:
        CheckpointFileError: It has none, or not this.
    """
    if isinstance(target, OrderedDict):
        # of a module's state_dict: versions of its layers
        if isinstance(state, dict) and isinstance(state.get('_metadata'), dict):
            target._metadata = state['_metadata']
    elif type(target) is np.ndarray:
        _, shape, dtype, fortran, data = state
        target.__setstate__((1, shape, dtype, bool(fortran), data))
    elif isinstance(target, np.dtype):
        _set_byte_order(target, state)
    elif type(target) is HistoryBuffer:
        target.__setstate__({k: v for k, v in state.items() if isinstance(v, _HISTORY_FIELDS.get(k, ()))})
    elif names.kinds and type(target) in names.kinds:
        target.__setstate__(state) if hasattr(target, '__setstate__') else target.__dict__.update(state)
    else:
        raise CheckpointFileError(f'sets the state of a {type(target).__name__}, which has none')


def _set_byte_order(dtype: np.dtype, state: tuple) -> None:
    """Only the order of bytes is taken from the file: numpy believes flags that would make it follow pointers."""
    if type(state) is not tuple or len(state) < 5 or state[1] not in ('<', '>', '|', '=') or any(state[2:5]):
        raise CheckpointFileError('holds an array of records')
    size, alignment = (dtype.itemsize, dtype.alignment) if dtype.kind in 'SU' else (-1, -1)
    dtype.__setstate__((3, state[1], None, None, None, size, alignment, dtype.flags))


def _dtype_args(args: tuple) -> tuple:
    if not args or type(args[0]) is not str or not _ARRAY_CODE.fullmatch(args[0]):
        raise CheckpointFileError(f'holds an array of something other than numbers and text ({args[:1]!a})')
    return args[0], False, True  # a copy: its byte order is set later


def _empty_array(args: tuple) -> tuple:
    return (0,), np.int8


def _scalar(dtype: np.dtype, data: bytes) -> Any:
    if not isinstance(dtype, np.dtype) or dtype.hasobject or type(data) is not bytes:
        raise CheckpointFileError('holds a number of an unknown form')
    return np.frombuffer(data, dtype, 1)[0]


def _from_buffer(data: bytes, dtype: np.dtype, shape: tuple, order: str) -> np.ndarray:
    """As ``numpy.core.numeric._frombuffer``."""
    if not isinstance(dtype, np.dtype) or dtype.hasobject:
        raise CheckpointFileError('holds an array of an unknown form')
    return np.frombuffer(data, dtype).reshape(shape, order='F' if order == 'F' else 'C')


def _tensor_args(args: tuple) -> tuple:
    """Takes out the hooks; refuses a tensor that reaches beyond its storage, as torch would fill it with old memory."""
    storage, offset, size, stride = args[:4]
    dtype = args[6] if len(args) > 6 and isinstance(args[6], torch.dtype) else storage.dtype
    untyped = getattr(storage, '_untyped_storage', None)
    untyped = untyped if untyped is not None else storage._storage  # torch before 2.0
    last = offset + sum((n - 1) * step for n, step in zip(size, stride)) if all(size) else -1
    held = untyped.nbytes() // _item_size(dtype)
    if len(size) != len(stride) or min((offset, *size, *stride), default=0) < 0 or last >= held:
        raise CheckpointFileError(f'holds a tensor of shape {tuple(size)} whose data has only {held} values')
    return tuple(OrderedDict() if isinstance(value, OrderedDict) else value for value in args)


def _item_size(dtype: torch.dtype) -> int:
    return getattr(dtype, 'itemsize', None) or torch._utils._element_size(dtype)  # itemsize since torch 2.1


def _tensor_with_attributes(build: SafeGlobal, kind: SafeGlobal, args: tuple, state: Any) -> torch.Tensor:
    """A tensor that had attributes when it was saved, without them."""
    if not isinstance(build, Function):
        raise CheckpointFileError('holds a tensor of an unknown form')
    return build.call(args)


def _parameter(data: torch.Tensor, requires_grad: bool, hooks: Any, state: Any = None) -> torch.nn.Parameter:
    return torch.nn.Parameter(data, requires_grad)


def _method_of_history(owner: Any, name: str) -> SafeGlobal:
    if not isinstance(owner, _History) or name not in ('min', 'max', 'mean', 'current'):
        raise _refusal('builtins.getattr')
    return SafeGlobal()


def _sequence(args: tuple) -> tuple:
    if len(args) > 1 or any(not isinstance(value, (list, tuple, set, dict)) for value in args):
        raise CheckpointFileError('makes a container of something that is none')
    return args


def _data(args: tuple) -> tuple:
    if any(not isinstance(value, (bytes, str)) for value in args):
        raise CheckpointFileError('makes bytes of something that is none')
    return args


def _factory(args: tuple) -> tuple:
    kinds = [kind.function if isinstance(kind, Function) else kind for kind in args]
    if any(kind not in (list, dict, set, tuple, int, float, str, None) for kind in kinds):
        raise CheckpointFileError('holds a defaultdict of an unknown form')
    return tuple(kinds)


def _make_table() -> dict[tuple[str, str], SafeGlobal]:
    table: dict[tuple[str, str], SafeGlobal] = {
        ('collections', 'OrderedDict'): Function(OrderedDict, _sequence),
        ('collections', 'Counter'): Function(Counter, _sequence),
        ('collections', 'defaultdict'): Function(defaultdict, _factory),
        ('builtins', 'bytearray'): Function(bytearray, _data),
        ('builtins', 'bytes'): Function(bytes, _data),
        ('numpy', 'ndarray'): SafeGlobal(),
        ('numpy', 'dtype'): Function(np.dtype, _dtype_args),
        ('mmengine.logging.history_buffer', 'HistoryBuffer'): _History(),
        ('mmengine.config.config', 'ConfigDict'): Function(ConfigDict, _sequence),
        ('torch', 'Size'): Function(torch.Size),
        ('torch', 'Tensor'): SafeGlobal(),
        ('torch', 'device'): Function(torch.device),
        ('torch.nn.parameter', 'Parameter'): SafeGlobal(),
        ('torch.serialization', '_get_layout'): Function(torch.serialization._get_layout),
        ('torch._tensor', '_rebuild_from_type_v2'): Function(_tensor_with_attributes),
    }
    table.update({('builtins', k.__name__): Function(k, _sequence) for k in (list, dict, tuple, set, frozenset)})
    table.update({('builtins', k.__name__): Function(k) for k in (complex, float, int, str, slice)})
    table.update(
        {('datetime', k): Function(getattr(datetime, k)) for k in ('date', 'datetime', 'timedelta', 'timezone')}
    )
    for name in ('PosixPath', 'WindowsPath', 'PurePosixPath', 'PureWindowsPath'):
        pure = getattr(pathlib, name if name.startswith('Pure') else f'Pure{name}')
        # the other system's paths cannot be made here: as pure ones they can
        kind = pathlib.Path if name == type(pathlib.Path()).__name__ else pure
        table.update({(module, name): Function(kind) for module in ('pathlib', 'pathlib._local')})
    for name in ('min', 'max', 'mean', 'current'):
        table['mmengine.logging.history_buffer', f'HistoryBuffer.{name}'] = SafeGlobal()
    for module in _ARRAY_MODULES:
        table[module, '_reconstruct'] = Function(np.ndarray, _empty_array)
        table[module, 'scalar'] = Function(_scalar)
        table[module.replace('multiarray', 'numeric'), '_frombuffer'] = Function(_from_buffer)
    return {**table, **_tensor_builders()}


def _tensor_builders() -> dict[tuple[str, str], SafeGlobal]:
    """Torch's own functions, as far as this version has them."""
    table: dict[tuple[str, str], SafeGlobal] = {}
    for name in ('_rebuild_tensor', '_rebuild_tensor_v2', '_rebuild_tensor_v3', '_rebuild_qtensor'):
        if hasattr(torch._utils, name):
            table['torch._utils', name] = Function(getattr(torch._utils, name), _tensor_args)
    for name in ('_rebuild_sparse_tensor', '_rebuild_meta_tensor_no_storage'):
        if hasattr(torch._utils, name):
            table['torch._utils', name] = Function(getattr(torch._utils, name))
    for name in ('_rebuild_parameter', '_rebuild_parameter_with_state'):
        table['torch._utils', name] = Function(_parameter)
    return table


def _allowed_by_user() -> dict[tuple[str, str], _Allowed]:
    """What was given to ``torch.serialization.add_safe_globals`` (torch 2.4), which may name things by a text."""
    found = {}
    for entry in getattr(torch.serialization, 'get_safe_globals', list)():
        value, name = entry if isinstance(entry, tuple) else (entry, f'{entry.__module__}.{entry.__qualname__}')
        if callable(value):
            found[tuple(name.rsplit('.', 1))] = _Allowed(value)
    return found


_TABLE = _make_table()
