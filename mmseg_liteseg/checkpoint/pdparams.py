"""Paddle's ``.pdparams`` files, read and written without Paddle.

The format (``paddle.save`` of a ``state_dict``, paddle/framework/io.py): one pickle of protocol 2 to 4, a dictionary of
C-order float32 arrays, plus ``StructuredToParameterName@@`` with the parameters' names inside Paddle.
"""

from __future__ import annotations

import math
import pickle
import struct
from typing import Any, Mapping

import numpy as np

from .errors import CheckpointFileError
from .safe_pickle import SafeGlobal, SafeObject, SafeUnpickler

NAME_TABLE = 'StructuredToParameterName@@'
SPLIT_TABLE = 'UnpackBigParamInfor@@'

_DTYPES = ('f2', 'f4', 'f8', 'i1', 'i2', 'i4', 'i8', 'u1', 'u2', 'u4', 'u8', 'b1')

# First bytes of files that people take for weights.
_IMPOSTORS = (
    (b'PK\x03\x04', "a zip archive, which is what PyTorch's .pth files are; give it a name that ends in .pth"),
    (b'\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19', 'an old PyTorch file; give it a name that ends in .pth'),
    (b'\x89HDF', 'an HDF5 file'),
    (b'version https://git-lfs', "a pointer of git-lfs; fetch the file itself with 'git lfs pull'"),
)


class _Tuple(SafeGlobal):
    def call(self, args: tuple) -> tuple:
        if len(args) != 1 or type(args[0]) not in (tuple, list):
            raise CheckpointFileError('makes a tuple of something that is no sequence')
        return tuple(args[0])


class _OrderedDict(SafeGlobal):
    def call(self, args: tuple) -> dict:
        if args:
            raise CheckpointFileError('holds an OrderedDict of an unknown form')
        return {}


class _Encode(SafeGlobal):
    """``_codecs.encode``: protocol 2 has no bytes and stores them as latin-1 text."""

    def __init__(self, budget: int) -> None:
        self.budget = budget

    def call(self, args: tuple) -> bytes:
        if len(args) != 2 or type(args[0]) is not str or args[1] != 'latin1':
            raise CheckpointFileError('encodes text in an unknown way')
        self.budget -= len(args[0])
        if self.budget < 0:
            raise CheckpointFileError('uses the same bytes again and again: it would need more memory than it may')
        return args[0].encode('latin1')


class _Dtype(SafeObject):
    def __init__(self, code: str) -> None:
        self.numpy = np.dtype(f'<{code}')

    def set_state(self, state: Any) -> None:
        if type(state) is not tuple or len(state) < 2 or type(state[1]) is not str or state[1] not in ('<', '|', '='):
            raise CheckpointFileError('holds an array that is not little-endian')


class _MakeDtype(SafeGlobal):
    def call(self, args: tuple) -> _Dtype:
        if not args or type(args[0]) is not str or args[0] not in _DTYPES:
            raise CheckpointFileError('holds an array of something other than numbers')
        return _Dtype(args[0])


class _Array(SafeObject):
    """``numpy.ndarray`` between its creation and its state; ``numpy`` is the array, a read-only view into the file."""

    numpy: np.ndarray | None = None

    def set_state(self, state: Any) -> None:
        if self.numpy is not None or type(state) is not tuple or len(state) != 5:
            raise CheckpointFileError('holds an array of an unknown form')
        _, shape, dtype, fortran, data = state
        if not isinstance(dtype, _Dtype) or type(data) not in (memoryview, bytes) or type(fortran) is not bool:
            raise CheckpointFileError('holds an array of an unknown form')
        if type(shape) is not tuple or len(shape) > 8 or any(type(n) is not int or not 0 < n < 2**31 for n in shape):
            raise CheckpointFileError('holds an array with an impossible shape')
        # before the array is made: its size is the file's word against its bytes
        if math.prod(shape) * dtype.numpy.itemsize != len(data):
            raise CheckpointFileError(f'holds {len(data)} bytes for an array of shape {shape} ({dtype.numpy.name})')
        self.numpy = np.frombuffer(data, dtype.numpy).reshape(shape, order='F' if fortran else 'C')


class _Reconstruct(SafeGlobal):
    """``numpy._reconstruct(numpy.ndarray, (0,), b'b')``."""

    def __init__(self, ndarray: SafeGlobal) -> None:
        self.ndarray = ndarray

    def call(self, args: tuple) -> _Array:
        if len(args) != 3 or args[0] is not self.ndarray or args[1] != (0,):
            raise CheckpointFileError('holds an array of an unknown form')
        return _Array()


def _allowed(size: int) -> dict[tuple[str, str], SafeGlobal]:
    ndarray = SafeGlobal()
    reconstruct, make_tuple = _Reconstruct(ndarray), _Tuple()
    return {
        ('numpy', 'ndarray'): ndarray,
        ('numpy', 'dtype'): _MakeDtype(),
        ('numpy.core.multiarray', '_reconstruct'): reconstruct,
        ('numpy._core.multiarray', '_reconstruct'): reconstruct,
        ('_codecs', 'encode'): _Encode(size),
        ('collections', 'OrderedDict'): _OrderedDict(),
        ('builtins', 'tuple'): make_tuple,
        ('__builtin__', 'tuple'): make_tuple,
    }


def loads_pdparams(data: bytes) -> dict[str, np.ndarray]:
    """Reads the arrays of a ``.pdparams`` file; none of its code runs, and no more memory than its size is used.

    Args:
        data: The whole file.

    Returns:
        Read-only arrays that share memory with ``data``, by their names in Paddle.

    Raises:
        CheckpointFileError: Says what is wrong, in words that go on from the file's name.
    """
    _refuse_other_files(data)
    arrays = _arrays_of(_flatten(SafeUnpickler(data, _allowed(len(data))).load()))
    # views cost nothing, but whoever copies them pays for each
    if sum(array.nbytes for array in arrays.values()) > len(data):
        raise CheckpointFileError('uses the same bytes for many arrays: they would need more memory than it may')
    return arrays


def _refuse_other_files(data: bytes) -> None:
    if not data:
        raise CheckpointFileError('is empty')
    for magic, kind in _IMPOSTORS:
        if data.startswith(magic):
            raise CheckpointFileError(f'is {kind}')
    if data[:512].lstrip(b'\xef\xbb\xbf \t\r\n').startswith(b'<'):
        raise CheckpointFileError('is a web page (HTML or XML), not weights: its download got an error page')
    if data[257:262] == b'ustar':
        raise CheckpointFileError('is an uncompressed tar archive; unpack it, or give a .tar.gz')
    if data[:1] != pickle.PROTO:
        raise CheckpointFileError(f'is no .pdparams file: it begins with {bytes(data[:8])!r} instead of a pickle')


def _flatten(root: Any) -> dict[str, Any]:
    """The dictionary of arrays: the file itself, or the only part of a file of several parts that holds arrays."""
    if type(root) is not dict:
        raise CheckpointFileError('holds no dictionary of arrays')
    if any(map(_array_of, root.values())):
        return root
    parts = [value for value in root.values() if type(value) is dict and any(map(_array_of, value.values()))]
    if len(parts) != 1:
        raise CheckpointFileError(f'holds {len(parts) or "no"} dictionaries of arrays, expected one')
    return parts[0]


def _array_of(value: Any) -> _Array | None:
    """The array, also of a tensor, which Paddle stores as (name, array) outside plain state dictionaries."""
    if type(value) is tuple and len(value) == 2 and type(value[0]) is str:
        value = value[1]
    return value if isinstance(value, _Array) else None


def _arrays_of(root: dict[str, Any]) -> dict[str, np.ndarray]:
    arrays = {}
    for key, value in root.items():
        if key == SPLIT_TABLE or '@@.' in key:
            raise CheckpointFileError(
                f'holds an array that Paddle split into slices ({key[:80]!a}): save it again in Paddle with protocol=4'
            )
        if key == NAME_TABLE:
            continue
        array = _array_of(value)
        if array is None:
            raise CheckpointFileError(f'holds a {type(value).__name__} under {key[:200]!a} where an array must be')
        if array.numpy is None:
            raise CheckpointFileError(f'holds an array without data under {key[:200]!a}')
        arrays[key] = array.numpy
    return arrays


def dumps_pdparams(arrays: Mapping[str, np.ndarray]) -> bytes:
    """Writes float32 arrays as a ``.pdparams`` file that ``paddle.load`` reads.

    Written by hand, since numpy 2 pickles its arrays under a module name that older numpys, and so Paddle 2, lack.

    Args:
        arrays: Arrays by their names in Paddle.

    Raises:
        ValueError: An array is not float32.
    """
    # protocol 4: BINBYTES8, below, is not in the others
    chunks = [pickle.PROTO + b'\x04', pickle.EMPTY_DICT, pickle.MARK]
    for key, array in arrays.items():
        chunks += [_text(key), _array(key, array)]
    # Paddle makes tensors only of what is listed here; the names themselves are free.
    chunks += [_text(NAME_TABLE), pickle.EMPTY_DICT, pickle.MARK]
    chunks += [_text(key) + _text(key) for key in arrays]
    chunks += [pickle.SETITEMS, pickle.SETITEMS, pickle.STOP]
    return b''.join(chunks)


def _text(value: str) -> bytes:
    encoded = value.encode('utf-8')
    return pickle.BINUNICODE + struct.pack('<I', len(encoded)) + encoded


def _integer(value: int) -> bytes:
    return pickle.BININT + struct.pack('<i', value)


def _global(module: str, name: str) -> bytes:
    return pickle.GLOBAL + f'{module}\n{name}\n'.encode('ascii')


_EMPTY_ARRAY = b''.join(
    (
        *(_global('numpy.core.multiarray', '_reconstruct'), _global('numpy', 'ndarray'), _integer(0), pickle.TUPLE1),
        *(pickle.SHORT_BINBYTES, b'\x01b', pickle.TUPLE3, pickle.REDUCE),
    )
)
# dtype('f4', False, True), then the state that says little-endian
_FLOAT32 = b''.join(
    (
        *(_global('numpy', 'dtype'), _text('f4'), pickle.NEWFALSE, pickle.NEWTRUE, pickle.TUPLE3, pickle.REDUCE),
        *(pickle.MARK, _integer(3), _text('<'), pickle.NONE, pickle.NONE, pickle.NONE),
        *(_integer(-1), _integer(-1), _integer(0), pickle.TUPLE, pickle.BUILD),
    )
)


def _array(key: str, array: np.ndarray) -> bytes:
    if array.dtype != np.float32:
        raise ValueError(f'{key} must be float32 to be written as .pdparams, got {array.dtype}')
    data = np.ascontiguousarray(array, '<f4').tobytes()
    shape = pickle.MARK + b''.join(_integer(n) for n in array.shape) + pickle.TUPLE
    payload = pickle.BINBYTES8 + struct.pack('<Q', len(data)) + data
    state = [pickle.MARK, _integer(1), shape, _FLOAT32, pickle.NEWFALSE, payload, pickle.TUPLE]
    return b''.join([_EMPTY_ARRAY, *state, pickle.BUILD])
