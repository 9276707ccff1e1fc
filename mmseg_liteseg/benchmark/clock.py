"""Interleaved measuring: every subject once per round, so that what the machine does beside hits all of them alike."""

from __future__ import annotations

import math
import random
import time
from dataclasses import dataclass
from statistics import median
from typing import Any, Callable, Mapping, Sequence

import torch

Timer = Callable[[int], Sequence[float]]
"""Runs a subject so many times, back to back, and returns the durations in seconds."""


@dataclass(frozen=True)
class Plan:
    """How often to measure.

    Attributes:
        rounds: Rounds over all subjects, each in another order.
        runs: Timed runs of a subject in a round. One untimed run precedes them: the subject before has left the caches
            and the thread pool to itself.
        warmup: Untimed runs of each subject before the first round.
        pause: Seconds of rest before each subject, as threads of some runtimes spin on for 0.2 s after a run.
        clock: What durations are: 'wall' time, or the 'cpu' time that all threads of this process took, which
            processes beside it change far less: of a single thread on an idle machine the two are the same.
    """

    rounds: int = 15
    runs: int = 3
    warmup: int = 3
    pause: float = 0.25
    clock: str = 'wall'


CLOCKS: Mapping[str, Callable[[], float]] = dict(wall=time.perf_counter, cpu=time.process_time)


@dataclass(frozen=True)
class Spread:
    """Median and quartiles."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Of at least one value; quartiles by linear interpolation."""
        ordered = sorted(values)
        return cls(median(ordered), _quantile(ordered, 0.25), _quantile(ordered, 0.75))


def local_timer(
    run: Callable[[], Any],
    sync: Callable[[], Any] = lambda: None,
    now: Callable[[], float] = time.perf_counter,
    queue: int = 1,
) -> Timer:
    """A timer of a function of this process.

    Args:
        run: What to measure.
        sync: Waits for the device; called before the clock starts and before it stops.
        now: The clock, in seconds.
        queue: Calls between two looks at the clock; a duration is their mean. More than 1 lets a GPU work ahead.
    """

    def timer(repeats: int) -> list[float]:
        durations = []
        for _ in range(repeats):
            sync()
            start = now()
            for _ in range(queue):
                run()
            sync()
            durations.append((now() - start) / queue)
        return durations

    return timer


def device_sync(device: str) -> Callable[[], Any]:
    """What waits for a device."""
    return torch.cuda.synchronize if device == 'cuda' else lambda: None


def measure(
    timers: Mapping[str, Timer],
    plan: Plan,
    progress: Callable[[str], None] = lambda text: None,
    sleep: Callable[[float], None] = time.sleep,
    until: float = math.inf,
    now: Callable[[], float] = time.monotonic,
) -> dict[str, list[float]]:
    """Medians of every round, by subject, in seconds. Position i of every list is of the same round.

    An interrupt (Ctrl-C) after the first round ends the measuring; the rounds that are complete count. So does the
    time ``until`` which, by ``now``, another round as long as the longest would not end; the first one runs anyway.
    """
    for name, timer in timers.items():
        progress(f'warming up {name}')
        timer(plan.warmup)
    medians: dict[str, list[float]] = {name: [] for name in timers}
    longest = 0.0
    try:
        for number in range(plan.rounds):
            start = now()
            if number and start + longest > until:
                progress(f'no time for round {number + 1}')
                break
            order = list(timers)
            # seeded by the round: what stands behind whom changes, and runs compare
            random.Random(number).shuffle(order)
            for name in order:
                progress(f'round {number + 1} of {plan.rounds}: {name}')
                sleep(plan.pause)
                # the untimed run that gets caches and threads back from the subject before
                timers[name](1)
                medians[name].append(median(timers[name](plan.runs)))
            longest = max(longest, now() - start)
    except KeyboardInterrupt:
        progress('interrupted')
    complete = min(map(len, medians.values()))
    if not complete:
        raise KeyboardInterrupt
    return {name: values[:complete] for name, values in medians.items()}


def ratio(numerator: Sequence[float], denominator: Sequence[float]) -> Spread:
    """Spread of the ratios within the rounds, which the load of the machine changes less than the times."""
    return Spread.of([a / b for a, b in zip(numerator, denominator)])


def _quantile(ordered: Sequence[float], share: float) -> float:
    position = share * (len(ordered) - 1)
    below = int(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (position - below)
