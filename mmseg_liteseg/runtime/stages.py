"""Work on a stream, one thread a stage, so that reading, the network and writing overlap.

OpenCV, onnxruntime and OpenVINO let go of Python's lock while they compute, so threads are enough.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from typing import Any, Callable, Iterable, Iterator, Sequence, Tuple, Union

import cv2

_END = object()
# How long a blocked stage sleeps before it looks whether the stream was given up.
_PATIENCE = 0.1

Stage = Union[Tuple[str, Callable[[Any], Any]], Tuple[str, Callable[[Any], Any], int]]
"""A name, what is done to each item, and, if it is not 1, to how many at a time."""


class Stages:
    """Items of a source, in their order, each through all stages; iterate over it.

    ::

        source -> queue -> stage 1 -> queue -> ... -> queue -> who iterates

    Every queue holds ``depth`` items, so memory does not grow with the stream, and the slowest stage sets the pace; one
    that works on several items at a time lets as many more wait, and keeps their order. An
    error in the source or a stage is raised where the stream is read, after the items before it. Leaving the loop ends
    all threads; use it as a context manager to be sure of that.

    Args:
        source: Read in a thread of its own, under the name 'read'.
        stages: What follows.
        depth: Items that may wait before each stage.
        latest: Items that find the first stage busy are replaced by newer ones: for cameras, whose pictures are worth
            nothing when they come late. Every queue holds one item then.

    Attributes:
        seconds: Time that each stage worked, by name; waiting does not count.
        items: Items that each stage finished.
        dropped: Items that ``latest`` replaced.

    Example:
        >>> with Stages(range(4), [('double', lambda x: 2 * x), ('text', str)]) as stream:
        ...     list(stream)
        ['0', '2', '4', '6']
    """

    def __init__(self, source: Iterable, stages: Sequence[Stage], depth: int = 2, latest: bool = False) -> None:
        self.seconds: Counter = Counter()
        self.items: Counter = Counter()
        self.dropped = 0
        self._stop = threading.Event()
        self._lock = threading.Lock()
        stages = [(*stage, 1)[:3] for stage in stages]
        depth = 1 if latest else depth
        # with several workers the queue holds their futures, so as many must fit
        self._queues = [queue.Queue(size) for size in (depth, *(max(depth, workers) for *_, workers in stages))]
        put = self._replace if latest else self._put
        workers = [(self._read, (iter(source), self._queues[0], put))]
        for stage, before, after in zip(stages, self._queues, self._queues[1:]):
            workers.append((self._work, (*stage, before, after)))
        # daemons: a read that hangs in a camera's driver must not keep the process alive
        self._threads = [threading.Thread(target=target, args=args, daemon=True) for target, args in workers]

    def __enter__(self) -> Stages:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def __iter__(self) -> Iterator[Any]:
        """Results in the order of the source.

        Raises:
            BaseException: what the source or a stage raised.
        """
        for thread in self._threads:
            thread.start()
        while True:
            item = self._get(self._queues[-1])
            if item is _END:
                return
            if isinstance(item, _Failure):
                raise item.error
            yield item

    def close(self) -> None:
        """Ends all threads, after what they are at."""
        self._stop.set()
        for thread in self._threads:
            if thread.ident is not None:  # it was started
                thread.join()

    def table(self) -> str:
        """Time per item of each stage, as lines of text."""
        total = sum(self.seconds.values()) or 1.0
        lines = [f'{"stage":<12} {"ms an item":>10} {"share":>6}']
        for name, seconds in self.seconds.items():
            lines.append(f'{name:<12} {1e3 * seconds / max(self.items[name], 1):>10.2f} {seconds / total:>6.0%}')
        return '\n'.join(lines + [f'{self.dropped} dropped'] * bool(self.dropped))

    def timed(self, name: str, function: Callable[..., Any], *args: Any) -> Any:
        """Calls a function and counts its time under a name, also for the work of who iterates."""
        start = time.perf_counter()
        result = function(*args)
        with self._lock:  # of several workers
            self.seconds[name] += time.perf_counter() - start
            self.items[name] += 1
        return result

    def _read(self, source: Iterator, after: queue.Queue, put: Callable[[queue.Queue, Any], None]) -> None:
        """Body of the source's thread."""
        try:
            while not self._stop.is_set():
                item = self.timed('read', next, source, _END)
                if item is _END:
                    break
                put(after, item)
        except BaseException as error:  # whatever it is belongs to who iterates
            self._put(after, _Failure(error))
        self._put(after, _END)

    def _work(
        self, name: str, function: Callable[[Any], Any], workers: int, before: queue.Queue, after: queue.Queue
    ) -> None:
        """Body of a stage's thread: works itself, or hands out to workers and passes on what will become of it."""
        with ThreadPoolExecutor(workers) if workers > 1 else nullcontext() as pool:
            while True:
                item = self._get(before)
                if item is _END:
                    break
                if not isinstance(item, _Failure):
                    item = pool.submit(self._try, name, function, item) if pool else self._try(name, function, item)
                self._put(after, item)
                # an error that is known already ends the stage; one of a worker ends the next
                if isinstance(item, _Failure):
                    break
        self._put(after, _END)

    def _try(self, name: str, function: Callable[[Any], Any], item: Any) -> Any:
        try:
            return self.timed(name, function, item)
        except BaseException as error:  # belongs to who iterates
            return _Failure(error)

    def _get(self, source: queue.Queue) -> Any:
        while not self._stop.is_set():
            try:
                item = source.get(timeout=_PATIENCE)
            except queue.Empty:
                continue
            # waits for the first that was handed out, whichever is done first: the order stays
            return item.result() if isinstance(item, Future) else item
        return _END

    def _put(self, target: queue.Queue, item: Any) -> None:
        while not self._stop.is_set():
            try:
                return target.put(item, timeout=_PATIENCE)
            except queue.Full:
                continue
        return None

    def _replace(self, target: queue.Queue, item: Any) -> None:
        """Puts an item in place of one that waits."""
        while not self._stop.is_set():
            try:
                return target.put_nowait(item)
            except queue.Full:
                try:
                    target.get_nowait()
                    self.dropped += 1
                except queue.Empty:  # it was taken in the meantime
                    continue
        return None


@contextmanager
def opencv_alone() -> Iterator[None]:
    """Lets OpenCV compute in the threads that call it: its own ones wait by spinning on cores that other stages want,
    which took a tenth of all time (720x1280, two cores). Inside, this holds for the whole process.

    Example:
        >>> with opencv_alone():
        ...     cv2.getNumThreads()
        1
    """
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)


class _Failure:
    """An error on its way to who iterates."""

    def __init__(self, error: BaseException) -> None:
        self.error = error
