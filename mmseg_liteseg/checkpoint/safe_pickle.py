"""A pickle reader that builds plain data and calls nothing.

``pickle.Unpickler`` with a restricted ``find_class`` still obeys the file in much: it sets attributes of whatever it
was given, and a memo index in four bytes makes it allocate gigabytes. This one knows the few opcodes that pickles of
weights (protocols 2 to 4) are made of; globals are looked up in a table of stand-ins. PyTorch's own, alike:
https://github.com/pytorch/pytorch/blob/v2.0.0/torch/_weights_only_unpickler.py
"""

from __future__ import annotations

import pickle
import struct
from typing import Any, Callable, Mapping

from .errors import CheckpointFileError


class SafeGlobal:
    """Stands in for a function or class that a pickle names; ``call`` is what calling it means."""

    def call(self, args: tuple) -> Any:
        """Result of the pickle's call with ``args``.

        Raises:
            CheckpointFileError: The arguments are not those that valid files hold.
        """
        raise CheckpointFileError('calls a global that no file of weights calls')

    def new(self, args: tuple) -> Any:
        """An object of a class, as yet without state.

        Raises:
            CheckpointFileError: It is no class of which valid files hold objects.
        """
        raise CheckpointFileError('makes an object of something that is no class')


class SafeObject:
    """Stands in for an object that gets its state after creation."""

    def set_state(self, state: Any) -> None:
        """Takes the state.

        Raises:
            CheckpointFileError: The state is not one that valid files hold.
        """
        raise NotImplementedError


class SafeUnpickler:
    """Reads one pickle that fills ``data`` to its last byte.

    Args:
        data: The file. Byte strings in it are returned as views into it, not copies.
        allowed: Stand-in for each (module, name) that the file may refer to.

    Attributes:
        max_operations: A file of weights takes about 40 operations per array; more than this is not one.
        protocols: Versions of the pickle format that are read.
    """

    max_operations = 500_000
    protocols = (2, 3, 4)

    def __init__(self, data: bytes, allowed: Mapping[tuple[str, str], SafeGlobal]) -> None:
        self.data = memoryview(data)
        self.allowed = allowed
        self.position = 0
        self.stack: list = []
        self.marked: list[list] = []
        self.memo: dict[int, Any] = {}

    def load(self) -> Any:
        """The pickled object.

        Raises:
            CheckpointFileError: The file ends early, goes on after its end, names a global outside ``allowed`` or is no
                such pickle at all.
        """
        try:
            result = self._run(OPERATIONS)
        except CheckpointFileError:
            raise
        except (ArithmeticError, LookupError, MemoryError, TypeError, ValueError, struct.error) as error:
            raise CheckpointFileError(f'is damaged near byte {self.position} ({type(error).__name__})') from error
        if self.position != len(self.data):
            raise CheckpointFileError(f'goes on for {len(self.data) - self.position} bytes after the end of its data')
        return result

    def _run(self, operations: Mapping[int, Callable[[Any], None]]) -> Any:
        for _ in range(self.max_operations):
            opcode = self._read(1)[0]
            if opcode == pickle.STOP[0]:
                return self.stack.pop()
            operation = operations.get(opcode)
            if operation is None:
                raise CheckpointFileError(
                    f'holds a pickle operation that no file of weights needs ({opcode:#x} at byte {self.position - 1})'
                )
            operation(self)
        raise CheckpointFileError(
            f'takes more than {self.max_operations} operations to read, so it is no file of weights'
        )

    def _read(self, size: int) -> memoryview:
        start, self.position = self.position, self.position + size
        if self.position > len(self.data):
            raise CheckpointFileError(
                f'ends in the middle of its data (byte {len(self.data)}): it is damaged or its download was cut off'
            )
        return self.data[start : self.position]

    def _number(self, layout: str) -> Any:
        return struct.unpack(layout, self._read(struct.calcsize(layout)))[0]

    def _text(self, layout: str) -> str:
        return str(self._read(self._number(layout)), 'utf-8')

    def _line(self) -> str:
        start = self.position
        while self._read(1) != b'\n':
            if self.position - start > 200:
                raise CheckpointFileError(f'holds no name where one must be (byte {start})')
        return str(self.data[start : self.position - 1], 'utf-8')

    def _pop_marked(self) -> list:
        items, self.stack = self.stack, self.marked.pop()
        return items

    def _pop_tuple(self, size: int) -> tuple:
        return tuple([self.stack.pop() for _ in range(size)][::-1])

    def _protocol(self) -> None:
        protocol = self._number('<B')
        if protocol not in self.protocols:
            *some, last = self.protocols
            raise CheckpointFileError(
                f'is a pickle of protocol {protocol}; {", ".join(map(str, some))} and {last} can be read'
            )

    def _mark(self) -> None:
        self.marked.append(self.stack)
        self.stack = []

    def _memoize(self, index: int) -> None:
        self.memo[index] = self.stack[-1]

    def _long(self) -> int:
        return int.from_bytes(self._read(self._number('<B')), 'little', signed=True)

    def _append(self, items: list) -> None:
        if type(self.stack[-1]) is not list:
            raise CheckpointFileError('appends to something that is no list')
        self.stack[-1].extend(items)

    def _set_items(self, items: list) -> None:
        target = self.stack[-1]
        if type(target) is not dict or len(items) % 2:
            raise CheckpointFileError('sets items of something that is no dictionary')
        for key, value in zip(items[::2], items[1::2]):
            # Other keys never occur; the hash of a deeply nested tuple would overflow the interpreter's stack.
            if type(key) is not str:
                raise CheckpointFileError(f'has a dictionary key of type {type(key).__name__} instead of a string')
            if key in target:
                raise CheckpointFileError(f'holds {key[:200]!a} twice')
            target[key] = value

    def _global(self, module: Any, name: Any) -> Any:
        if type(module) is not str or type(name) is not str:
            raise CheckpointFileError('names a global by something that is no text')
        return self.find_class(module, name)

    def find_class(self, module: str, name: str) -> SafeGlobal:
        """Stand-in for a global.

        Raises:
            CheckpointFileError: The file may not refer to it.
        """
        if (module, name) not in self.allowed:
            full = f'{module}.{name}'[:120]
            raise CheckpointFileError(
                f'refers to {full!a}, which no file of weights needs: it may be an attack. Nothing in it was run'
            )
        return self.allowed[module, name]

    def _reduce(self) -> None:
        function, args = self._pop_tuple(2)
        if not isinstance(function, SafeGlobal) or type(args) is not tuple:
            raise CheckpointFileError('calls something that is no function')
        self.stack.append(function.call(args))

    def _build(self) -> None:
        state = self.stack.pop()
        if not isinstance(self.stack[-1], SafeObject):
            raise CheckpointFileError('sets the state of something that has none')
        self.stack[-1].set_state(state)


def pushes(value: Callable[[Any], Any]) -> Callable[[Any], None]:
    """An operation that puts what ``value`` gives on the stack."""

    def operation(reader: SafeUnpickler) -> None:
        item = value(reader)  # may replace the stack, so before looking it up
        reader.stack.append(item)

    return operation


OPERATIONS: dict[int, Callable[[Any], None]] = {
    pickle.PROTO[0]: lambda r: r._protocol(),
    pickle.FRAME[0]: lambda r: r._number('<Q'),  # only a hint for buffering
    pickle.MARK[0]: lambda r: r._mark(),
    pickle.NONE[0]: pushes(lambda r: None),
    pickle.NEWTRUE[0]: pushes(lambda r: True),
    pickle.NEWFALSE[0]: pushes(lambda r: False),
    pickle.BININT[0]: pushes(lambda r: r._number('<i')),
    pickle.BININT1[0]: pushes(lambda r: r._number('<B')),
    pickle.BININT2[0]: pushes(lambda r: r._number('<H')),
    pickle.LONG1[0]: pushes(lambda r: r._long()),
    pickle.BINFLOAT[0]: pushes(lambda r: r._number('>d')),
    pickle.SHORT_BINUNICODE[0]: pushes(lambda r: r._text('<B')),
    pickle.BINUNICODE[0]: pushes(lambda r: r._text('<I')),
    pickle.BINUNICODE8[0]: pushes(lambda r: r._text('<Q')),
    pickle.SHORT_BINBYTES[0]: pushes(lambda r: r._read(r._number('<B'))),
    pickle.BINBYTES[0]: pushes(lambda r: r._read(r._number('<I'))),
    pickle.BINBYTES8[0]: pushes(lambda r: r._read(r._number('<Q'))),
    pickle.EMPTY_DICT[0]: pushes(lambda r: {}),
    pickle.EMPTY_LIST[0]: pushes(lambda r: []),
    pickle.EMPTY_TUPLE[0]: pushes(lambda r: ()),
    pickle.TUPLE1[0]: pushes(lambda r: r._pop_tuple(1)),
    pickle.TUPLE2[0]: pushes(lambda r: r._pop_tuple(2)),
    pickle.TUPLE3[0]: pushes(lambda r: r._pop_tuple(3)),
    pickle.TUPLE[0]: pushes(lambda r: tuple(r._pop_marked())),
    pickle.APPEND[0]: lambda r: r._append([r.stack.pop()]),
    pickle.APPENDS[0]: lambda r: r._append(r._pop_marked()),
    pickle.SETITEM[0]: lambda r: r._set_items(list(r._pop_tuple(2))),
    pickle.SETITEMS[0]: lambda r: r._set_items(r._pop_marked()),
    pickle.MEMOIZE[0]: lambda r: r._memoize(len(r.memo)),
    pickle.BINPUT[0]: lambda r: r._memoize(r._number('<B')),
    pickle.LONG_BINPUT[0]: lambda r: r._memoize(r._number('<I')),
    pickle.BINGET[0]: pushes(lambda r: r.memo[r._number('<B')]),
    pickle.LONG_BINGET[0]: pushes(lambda r: r.memo[r._number('<I')]),
    pickle.GLOBAL[0]: pushes(lambda r: r._global(r._line(), r._line())),
    pickle.STACK_GLOBAL[0]: pushes(lambda r: r._global(*r._pop_tuple(2))),
    pickle.REDUCE[0]: lambda r: r._reduce(),
    pickle.BUILD[0]: lambda r: r._build(),
}
