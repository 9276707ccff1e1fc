"""A line that says how far a run is and how fast it goes."""

from __future__ import annotations

import sys
import time
from typing import TextIO

_WIDTH = 24


class Progress:
    """Counts, and redraws one line of a terminal; elsewhere it writes a line every ten seconds.

    Args:
        total: How many there will be; None if nobody knows.
        unit: What is counted, such as 'frames'.
        stream: Where it is drawn; stderr by default.
    """

    def __init__(self, total: int | None, unit: str, stream: TextIO | None = None) -> None:
        self.total, self.unit, self.done = total, unit, 0
        self._stream = stream or sys.stderr
        self._drawn = self._stream.isatty()
        self._start = self._last = time.perf_counter()
        self._length = 0

    @property
    def rate(self) -> float:
        """Per second, since the start."""
        return self.done / max(time.perf_counter() - self._start, 1e-9)

    def step(self) -> None:
        """Counts one more."""
        self.done += 1
        now = time.perf_counter()
        if now - self._last >= (0.1 if self._drawn else 10):
            self._last = now
            self._draw()

    def close(self) -> None:
        """Removes the line."""
        if self._length:
            self._stream.write('\r' + ' ' * self._length + '\r')
            self._stream.flush()

    def text(self) -> str:
        """The line: bar, count, rate and time left."""
        if not self.total:
            return f'{self.done} {self.unit}, {self.rate:.1f}/s'
        share = min(self.done / self.total, 1)
        bar = '#' * round(_WIDTH * share)
        left = round(max(self.total - self.done, 0) / max(self.rate, 1e-9))
        count = f'{self.done}/{self.total} {self.unit}'
        return f'[{bar:<{_WIDTH}}] {count}, {self.rate:.1f}/s, {left // 60}:{left % 60:02} left'

    def _draw(self) -> None:
        text = self.text()
        self._stream.write(f'\r{text:<{self._length}}' if self._drawn else text + '\n')
        self._length = len(text) if self._drawn else 0
        self._stream.flush()
