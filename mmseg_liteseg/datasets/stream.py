"""Training data whose every sample depends on its place in the training alone: a training can be cut anywhere.

mmengine's InfiniteSampler and workers draw from generators that move on with every image, so a training that is resumed
sees other augmentations than one that was never stopped. Here the sampler hands out an index with a seed for its draws,
both computed from the run's seed and the position in the stream.
"""

from __future__ import annotations

import random
from typing import Any, Iterator, Sized

import numpy as np
from torch.utils.data import Sampler

from mmseg_liteseg.registry import DATA_SAMPLERS, DATASETS


@DATA_SAMPLERS.register_module()
class StreamSampler(Sampler):
    """An endless stream of (index, seed), each pass over the data set in an order of its own.

    Args:
        dataset: What is sampled; only its length is used.
        seed: Of the orders and of the samples' own seeds. mmengine fills in the run's.
        start: Position to begin at: samples that an earlier piece of the training has seen. May be set until iteration
            begins.

    Example:
        >>> whole, rest = iter(StreamSampler(range(3), seed=1)), iter(StreamSampler(range(3), seed=1, start=4))
        >>> [next(whole) for _ in range(6)][4:] == [next(rest) for _ in range(2)]
        True
    """

    def __init__(self, dataset: Sized, seed: int | None = None, start: int = 0) -> None:
        self.size = len(dataset)
        self.seed = seed or 0
        self.start = start

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """Never ends."""
        passed, offset = divmod(self.start, self.size)
        while True:
            rng = np.random.default_rng((self.seed, passed))
            order, seeds = rng.permutation(self.size), rng.integers(2**32, size=self.size)
            yield from zip(order[offset:].tolist(), seeds[offset:].tolist())
            passed, offset = passed + 1, 0

    def __len__(self) -> int:
        """Samples of one pass."""
        return self.size


@DATASETS.register_module()
class SeededDataset:
    """Seeds Python's and numpy's generators, which transforms draw from, before it loads a sample.

    Args:
        dataset: Config of the data set. Its metainfo is passed on.
    """

    def __init__(self, dataset: dict) -> None:
        self.dataset = DATASETS.build(dataset)
        self.metainfo = self.dataset.metainfo

    def __getitem__(self, drawn: tuple[int, int]) -> Any:
        """The sample of an (index, seed) from :class:`StreamSampler`."""
        index, seed = drawn
        random.seed(seed)
        np.random.seed(seed)
        return self.dataset[index]

    def __len__(self) -> int:
        """Samples of the data set."""
        return len(self.dataset)

    def full_init(self) -> None:
        """Reads the list of samples; mmengine calls it before workers start."""
        self.dataset.full_init()
