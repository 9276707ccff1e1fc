"""Memory, open files and threads of long runs, sampled as they go."""

from __future__ import annotations

import json
import math
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Callable, Iterator, Sequence

import numpy as np

from mmseg_liteseg.errors import LiteSegError

# Sizes of a camera, of its halves, and odd ones, height x width.
SIZES = ((360, 480), (180, 240), (353, 477), (96, 128), (240, 481), (64, 99), (512, 384), (131, 257))


def small_sizes(count: int) -> list[tuple[int, int]]:
    """So many different sizes, (H, W), from 32 x 32 on.

    Example:
        >>> small_sizes(4)
        [(32, 32), (32, 33), (33, 32), (33, 33)]
    """
    side = math.isqrt(count - 1) + 1
    return [(32 + i // side, 32 + i % side) for i in range(count)]


class SoakError(LiteSegError):
    """A run that cannot be made."""


@dataclass(frozen=True)
class Sample:
    """The process at one moment.

    Attributes:
        count: Predictions or iterations done.
        memory: Resident, in MiB.
        files: Open file descriptors.
        threads: Of the process, Python's and others'.
    """

    count: int
    memory: float
    files: int
    threads: int


def look(count: int) -> Sample:
    """Looks at this process, by Linux' /proc.

    Raises:
        SoakError: Another system.
    """
    try:
        status = Path('/proc/self/status').read_text(encoding='utf-8')
    except OSError:
        raise SoakError('soak test: needs Linux, whose /proc tells memory and threads') from None
    fields = dict(line.split(':', 1) for line in status.splitlines())
    memory = int(fields['VmRSS'].split()[0]) / 1024
    return Sample(count, round(memory, 1), len(os.listdir('/proc/self/fd')), int(fields['Threads']))


def predict_many(
    predict: Callable[[np.ndarray], object], count: int, every: int, sizes: Sequence[tuple[int, int]] = SIZES
) -> Iterator[Sample]:
    """Predicts pictures of mixed sizes and looks at the process every so often.

    Args:
        predict: Takes a picture, uint8 (H, W, 3).
        count: Predictions.
        every: Predictions from one look to the next.
        sizes: Height and width of the pictures, which come in a random order, each once before any comes again.
    """
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (*np.max(sizes, axis=0), 3), np.uint8)
    order = rng.permutation(len(sizes))
    for done in range(1, count + 1):
        height, width = sizes[order[done % len(sizes)]]
        predict(noise[:height, :width])
        if done % every == 0 or done == count:
            yield look(done)


def growth(samples: Sequence[Sample]) -> dict[str, float]:
    """What came to be more from the end of the first quarter, when caches are filled, to the end.

    Example:
        >>> growth([Sample(i, 100.0 + (i > 1), 5, 3) for i in range(8)])
        {'memory': 0.0, 'files': 0, 'threads': 0}
    """
    start = max(1, len(samples) // 4)
    # quarters and medians: a single look may fall into a collection of garbage
    settled, rest = samples[start : start + max(1, len(samples) // 4)], samples[-max(1, len(samples) // 4) :]
    return {
        'memory': round(float(np.median([s.memory for s in rest]) - np.median([s.memory for s in settled])), 1),
        'files': max(s.files for s in rest) - max(s.files for s in settled),
        'threads': max(s.threads for s in rest) - max(s.threads for s in settled),
    }


def write(path: Path, name: str, samples: Sequence[Sample]) -> None:
    """Adds a run to a JSON file of runs."""
    runs = json.loads(path.read_text(encoding='utf-8')) if path.is_file() else {}
    runs[name] = [asdict(sample) for sample in samples]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(runs) + '\n', encoding='utf-8')


def read(path: Path) -> dict[str, list[Sample]]:
    """The runs of a JSON file."""
    return {
        name: [Sample(**sample) for sample in run] for name, run in json.loads(path.read_text(encoding='utf-8')).items()
    }


def draw(runs: dict[str, list[Sample]], path: Path) -> None:
    """Draws memory, files and threads of some runs."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 3), layout='constrained')
    for axes, field, label in zip(
        figure.subplots(1, 3), ('memory', 'files', 'threads'), ('memory, MiB', 'open files', 'threads')
    ):
        for name, samples in runs.items():
            total = samples[-1].count
            axes.plot([100 * s.count / total for s in samples], [getattr(s, field) for s in samples], label=name)
        highest = max(getattr(s, field) for samples in runs.values() for s in samples)
        axes.set(xlabel='part of the run, %', ylabel=label, ylim=(0, 1.15 * highest))
    axes.legend(fontsize=7)
    figure.savefig(path, dpi=100)


def watch_training(runner: object, every: int) -> list[Sample]:
    """Lets a runner's training note samples in the list that is returned."""
    from mmengine.hooks import Hook

    samples: list[Sample] = []

    class Watch(Hook):
        """Looks every so many iterations."""

        priority = 'LOWEST'

        def after_train_iter(self, runner: Any, *args: Any, **kwargs: Any) -> None:
            """Notes one sample."""
            if self.every_n_train_iters(runner, every):
                samples.append(look(runner.iter + 1))

    runner.register_hook(Watch())
    return samples
