"""Reads the pickles inside PyTorch's files without running what they name.

Takes the place of ``pickle`` in ``torch.load``, which goes on to do the rest: storages, devices, old formats. torch's
own ``weights_only`` is not enough: before 2.6 it can be got around (CVE-2025-32434), before 2.4 nothing can be added to
what it allows, and mmengine's message hub would need ``getattr`` there, by which any attribute of anything is reached.
"""

from __future__ import annotations

import io
import pickle
from collections import Counter, OrderedDict, defaultdict
from typing import Any, BinaryIO

import torch
from mmengine.config import ConfigDict

from .errors import CheckpointFileError
from .safe_pickle import OPERATIONS, SafeGlobal, SafeUnpickler, pushes
from .torch_globals import Globals, restore

_DICTS = (dict, OrderedDict, defaultdict, Counter, ConfigDict)
_KEYS = (str, int, float, bool, bytes, type(None), torch.dtype, torch.device)
_MAX_KEY_DEPTH = 8  # the hash of a deeply nested tuple would overflow the interpreter's stack


class Unpickler(SafeUnpickler):
    """What ``torch.load`` expects ``pickle.Unpickler`` to be: reads one pickle from where the file stands.

    Args:
        file: Readable and seekable.
        encoding: Of the texts of Python 2.
    """

    # optimisers and message hubs take far more than weights alone
    max_operations = 50_000_000
    protocols = (2, 3, 4, 5)

    def __init__(self, file: BinaryIO, *, encoding: str = 'utf-8', **_: Any) -> None:
        start = file.tell()
        size = file.seek(0, io.SEEK_END) - start
        file.seek(start)
        super().__init__(b'', {})
        self.file, self.size, self.encoding = file, size, encoding
        self.globals = Globals(budget=size)

    def load(self) -> Any:
        """The pickled object.

        Raises:
            UnsafeCheckpointError: The pickle names something that would have to be run.
            CheckpointFileError: It is damaged.
        """
        try:
            return self._run(_OPERATIONS)
        except CheckpointFileError:
            raise
        except Exception as error:  # numpy and torch promise no particular error for nonsense
            raise CheckpointFileError(f'is damaged near byte {self.position} ({type(error).__name__})') from error

    def find_class(self, module: str, name: str) -> Any:
        """Stand-in for a global; torch's subclass looks here after its own table of storages.

        Raises:
            UnsafeCheckpointError: The file may not refer to it.
        """
        return self.globals.find(module, name)

    def persistent_load(self, saved_id: Any) -> Any:
        """Replaced by torch with what reads a storage.

        Raises:
            CheckpointFileError: In a pickle that stands for itself, where there are no storages.
        """
        raise CheckpointFileError('refers to a storage where there is none')

    def _read(self, size: int) -> bytes:
        if size > self.size - self.position:
            raise CheckpointFileError('ends in the middle of its data: it is damaged or its download was cut off')
        self.position += size
        return self.file.read(size)

    def _line(self) -> str:
        line = self.file.readline(400)
        self.position += len(line)
        if line[-1:] != b'\n':
            raise CheckpointFileError(f'holds no name where one must be (byte {self.position})')
        return str(line[:-1], 'utf-8')

    def _text(self, layout: str) -> str:
        return str(self._read(self._number(layout)), 'utf-8', 'surrogatepass')

    def _old_text(self, layout: str) -> str | bytes:
        data = self._read(self._number(layout))
        return data if self.encoding == 'bytes' else str(data, self.encoding)

    def _add(self, items: list) -> None:
        if type(self.stack[-1]) is not set:
            raise CheckpointFileError('adds to something that is no set')
        self.stack[-1].update(map(_checked_key, items))

    def _set_items(self, items: list) -> None:
        target = self.stack[-1]
        if type(target) not in _DICTS or len(items) % 2:
            raise CheckpointFileError('sets items of something that is no dictionary')
        for key, value in zip(items[::2], items[1::2]):
            target[_checked_key(key)] = value

    def _new(self) -> None:
        kind, args = self._pop_tuple(2)
        if not isinstance(kind, SafeGlobal) or type(args) is not tuple:
            raise CheckpointFileError('makes an object of something that is no class')
        self.stack.append(kind.new(args))

    def _build(self) -> None:
        state = self.stack.pop()
        restore(self.stack[-1], state, self.globals)

    def _stored(self) -> Any:
        saved_id = self.stack.pop()
        # torch looks up the source files of what other kinds of ids name
        if type(saved_id) is not tuple or saved_id[:1] not in (('storage',), (b'storage',)):
            raise CheckpointFileError('refers to something beside its pickle that is no storage')
        return self.persistent_load(saved_id)


def _checked_key(key: Any, depth: int = 0) -> Any:
    """The key, if its hash is harmless."""
    if type(key) in (tuple, frozenset, torch.Size) and depth < _MAX_KEY_DEPTH:
        for part in key:
            _checked_key(part, depth + 1)
    elif type(key) not in _KEYS:
        raise CheckpointFileError(f'has a dictionary key of type {type(key).__name__}')
    return key


def _frozen(reader: Unpickler) -> frozenset:
    return frozenset(map(_checked_key, reader._pop_marked()))


_OPERATIONS = {
    **OPERATIONS,
    pickle.NEWOBJ[0]: lambda r: r._new(),
    pickle.BINPERSID[0]: pushes(lambda r: r._stored()),
    pickle.EMPTY_SET[0]: pushes(lambda r: set()),
    pickle.ADDITEMS[0]: lambda r: r._add(r._pop_marked()),
    pickle.FROZENSET[0]: pushes(_frozen),
    pickle.BYTEARRAY8[0]: pushes(lambda r: bytearray(r._read(r._number('<Q')))),
    # no number needs more bytes than these; what claims them is nonsense that costs time
    pickle.LONG4[0]: pushes(lambda r: int.from_bytes(r._read(min(r._number('<I'), 4096)), 'little', signed=True)),
    pickle.SHORT_BINSTRING[0]: pushes(lambda r: r._old_text('<B')),
    pickle.BINSTRING[0]: pushes(lambda r: r._old_text('<I')),
    pickle.POP[0]: lambda r: r.stack.pop(),
    pickle.DUP[0]: pushes(lambda r: r.stack[-1]),
}


def load(file: BinaryIO, **kwargs: Any) -> Any:
    """``pickle.load``, as ``torch.load`` calls it for the old format.

    Raises:
        UnsafeCheckpointError: The pickle names something that would have to be run.
        CheckpointFileError: It is damaged.
    """
    return Unpickler(file, **kwargs).load()
