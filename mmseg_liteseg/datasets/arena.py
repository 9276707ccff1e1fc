"""Memory of a fixed size that forked processes share, and a table of what lies in it."""

from __future__ import annotations

import mmap
import multiprocessing
import pickle
from itertools import chain
from typing import Any

import numpy as np

_ENTRIES = 1 << 17  # 2 MiB of table
# a cache line
_ALIGN = 64


class Arena:
    """Keeps objects under digests until it is full; nothing is ever dropped.

    The memory is an anonymous shared mapping: what one process stores, all processes forked after the construction can
    read, and pages count only once they are written. Storing takes a lock but never waits for it (a process may have
    died with it): a store that meets another one is left out. A reader sees an entry only when it is complete, as the
    digest is written last.

    Args:
        max_bytes: Size of the memory. Objects that do not fit any more are not stored.
    """

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self._table = np.frombuffer(mmap.mmap(-1, _ENTRIES * 24), dtype=np.uint64).reshape(_ENTRIES, 3)
        self._used = np.frombuffer(mmap.mmap(-1, 8), dtype=np.uint64)
        self._memory = memoryview(mmap.mmap(-1, max_bytes))
        self._lock = multiprocessing.Lock()

    @property
    def used_bytes(self) -> int:
        """Bytes taken so far, by all processes."""
        return int(self._used[0])

    def load(self, digest: int) -> Any:
        """A copy of the object stored under ``digest`` (64 bits, not 0), or None."""
        row, found = self._find(digest)
        if not found:
            return None
        start, length = int(self._table[row, 1]), int(self._table[row, 2])
        return unpack(self._memory[start : start + length])

    def store(self, digest: int, value: Any) -> bool:
        """Keeps a copy of ``value``; False if there is no room, or another process is storing right now."""
        parts = pack(value)
        length = sum(len(part) for part in parts)
        if not self._lock.acquire(block=False):
            return False
        try:
            row, found = self._find(digest)
            start = -(-self.used_bytes // _ALIGN) * _ALIGN
            # looked up anew under the lock: another process may have stored it since
            if found or row < 0 or start + length > self.max_bytes:
                return found
            position = start
            for part in parts:
                self._memory[position : position + len(part)] = part
                position += len(part)
            self._used[0] = position
            self._table[row, 1:] = start, length
            self._table[row, 0] = digest
            return True
        finally:
            self._lock.release()

    def _find(self, digest: int) -> tuple[int, bool]:
        """Row of the digest and True, or the free row for it and False; -1 where the table is full."""
        first = digest % _ENTRIES
        for row in chain(range(first, _ENTRIES), range(first)):
            stored = int(self._table[row, 0])
            if stored in (0, digest):
                return row, stored == digest
        return -1, False


def pack(value: Any) -> list[bytes | memoryview]:
    """An object as pieces of bytes: lengths, the pickle without the arrays, and the arrays."""
    buffers: list[pickle.PickleBuffer] = []
    head = pickle.dumps(value, protocol=5, buffer_callback=buffers.append)
    arrays = [buffer.raw() for buffer in buffers]
    lengths = np.array([len(head), *(len(array) for array in arrays)], dtype=np.int64)
    return [np.int64(len(lengths)).tobytes(), lengths.tobytes(), head, *arrays]


def unpack(data: memoryview) -> Any:
    """The object that `pack` took apart, with arrays of its own that may be changed."""
    count = int(np.frombuffer(data, np.int64, 1)[0])
    lengths = np.frombuffer(data, np.int64, count, 8).tolist()
    position, pieces = 8 * (1 + count), []
    for length in lengths:
        # a copy, as transforms write into their arrays and the arena is everybody's
        pieces.append(bytearray(data[position : position + length]))
        position += length
    return pickle.loads(pieces[0], buffers=pieces[1:])
