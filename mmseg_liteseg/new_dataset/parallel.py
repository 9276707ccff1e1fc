"""Work on many files, on all cores, with a progress bar."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Callable, Iterator, Sequence, TypeVar

from rich.progress import track

from mmseg_liteseg.processor import available_cores

Item = TypeVar('Item')
Result = TypeVar('Result')
_SHOW_FROM = 100


def each(work: Callable[[Item], Result], items: Sequence[Item], title: str) -> Iterator[Result]:
    """The results of ``work`` in the order of the items; a bar shows if there are many.

    Threads are enough: Pillow, OpenCV and zlib let go of Python's lock where the time goes.

    Example:
        >>> list(each(abs, [-1, 2], 'numbers'))
        [1, 2]
    """
    with ThreadPoolExecutor(available_cores()) as pool:
        yield from track(pool.map(work, items), description=title, total=len(items), disable=len(items) < _SHOW_FROM)
