"""Training data whose every sample depends on its place in the training alone: a training can be cut anywhere.

mmengine's workers draw from generators that move on with every image, so a training that is resumed sees other
augmentations than one that was never stopped. Here the sampler hands out each index with a seed for the sample's draws,
made of the run's seed and the place.
"""

from __future__ import annotations

import random
from itertools import islice
from typing import Any, Iterator, Sized

import numpy as np
import torch
from mmengine.dist import get_rank, sync_random_seed
from torch.utils.data import Sampler

from mmseg_liteseg.registry import DATA_SAMPLERS, DATASETS

from .broken import BrokenSampleError, explain

ON_ERROR = ('stop', 'skip')


class Place(int):
    """An index that knows the seed of its sample's draws; to all others it is the index."""

    seed: int

    def __new__(cls, index: int, seed: int) -> Place:
        """An integer takes its value here."""
        place = super().__new__(cls, index)
        place.seed = seed
        return place

    def __reduce__(self) -> tuple:
        return Place, (int(self), self.seed)


def seed_of(*numbers: int) -> int:
    """A seed of 32 bits made of some numbers; near ones have nothing to do with each other.

    Example:
        >>> seed_of(0, 1) == seed_of(0, 1), seed_of(0, 1) == seed_of(0, 2)
        (True, False)
    """
    return int(np.random.SeedSequence([number & 0xFFFFFFFF for number in numbers]).generate_state(1)[0])


def seed_all(seed: int) -> None:
    """Seeds Python's, numpy's and torch's generators."""
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


@DATA_SAMPLERS.register_module()
class StreamSampler(Sampler):
    """Another sampler's indices in its own order, with a seed for each, from any place on.

    Args:
        dataset: What is sampled.
        seed: Of the order and of the samples' own seeds. mmengine fills in the run's.
        sampler: Config of the sampler that gives the order, mmengine's InfiniteSampler by default.
        endless: Begins the next pass where the sampler ends: for loops that count iterations.

    Example:
        >>> sampler = StreamSampler(range(3), seed=1)
        >>> whole = [next(stream) for stream in [iter(sampler)] for _ in range(6)]
        >>> sampler.skip(4)
        >>> [next(stream) for stream in [iter(sampler)] for _ in range(2)] == whole[4:]
        True
    """

    def __init__(
        self, dataset: Sized, seed: int | None = None, sampler: dict | None = None, endless: bool = False
    ) -> None:
        self.dataset, self.endless = dataset, endless
        self._config = dict(sampler or dict(type='InfiniteSampler'))
        self._epoch, self._start = 0, 0
        self.reseed(seed)

    def reseed(self, seed: int | None) -> None:
        """Gives another order: a run's seed is known late where it comes from a checkpoint."""
        self.seed = sync_random_seed() if seed is None else seed
        self._build()

    def _build(self) -> None:
        self.sampler = DATA_SAMPLERS.build(self._config, default_args=dict(dataset=self.dataset, seed=self.seed))

    def skip(self, count: int) -> None:
        """Lets the next iteration begin after so many samples of this process: mmengine's name for it."""
        self._start = count

    def set_epoch(self, epoch: int) -> None:
        """Which pass the next iteration is."""
        self._epoch = epoch

    def __iter__(self) -> Iterator[Place]:
        """Indices with seeds; a skip counts for one iteration."""
        start, self._start = self._start, 0
        epoch, rank = self._epoch, get_rank()
        indices = islice(self._endless() if self.endless else self._pass(epoch), start, None)
        for position, index in enumerate(indices, start):
            # by rank, as processes would otherwise augment their samples alike
            yield Place(index, seed_of(self.seed, rank, epoch, position))

    def _pass(self, epoch: int) -> Iterator[int]:
        """One pass, from its beginning: mmengine's InfiniteSampler would go on where it was left."""
        self._build()
        if hasattr(self.sampler, 'set_epoch'):
            self.sampler.set_epoch(epoch)
        return iter(self.sampler)

    def _endless(self) -> Iterator[int]:
        epoch = 0
        while len(self.sampler):
            yield from self._pass(epoch)
            epoch += 1

    def __len__(self) -> int:
        """Samples of one pass."""
        return len(self.sampler)


@DATASETS.register_module()
class SeededDataset:
    """Seeds the generators that transforms draw from before it loads a sample; else it is the data set it holds.

    A sample that cannot be loaded stops the training with its file's name. With ``on_error='skip'`` the next sample of
    the data set takes its place, and the sample says so under ``skipped``: text for
    :class:`~mmseg_liteseg.engine.SkippedFilesHook`. mmengine's own way, another image in silence, is switched off.

    Args:
        dataset: Config of the data set.
        on_error: 'stop' or 'skip'.
    """

    def __init__(self, dataset: dict, on_error: str = 'stop') -> None:
        if on_error not in ON_ERROR:
            raise ValueError(f'on_error: expected {" or ".join(map(repr, ON_ERROR))}, got {on_error!r}')
        self.dataset, self.on_error = DATASETS.build(dataset), on_error
        for part in _parts(self.dataset):
            if hasattr(part, 'max_refetch'):
                # mmengine would take a random sample in the place of a broken one and say nothing
                part.max_refetch = 0

    def __getattr__(self, name: str) -> Any:
        # only what is not found here; a copy asks before there is anything to hand on to
        if name == 'dataset' or name.startswith('__'):
            raise AttributeError(name)
        return getattr(self.dataset, name)

    def __getitem__(self, index: int) -> Any:
        """The sample of a :class:`Place`, or of a plain index, whose draws are not seeded.

        Raises:
            BrokenSampleError: It cannot be loaded; with 'skip', no sample can.
        """
        skipped = []
        for step in range(len(self)):
            number = (int(index) + step) % len(self)
            if isinstance(index, Place):
                seed_all(index.seed)
            try:
                sample = self.dataset[number]
            except Exception as error:
                skipped.append(explain(self.dataset, number, error))
                if self.on_error == 'stop':
                    raise BrokenSampleError(skipped[0]) from error
                continue
            return dict(sample, skipped='\n'.join(skipped)) if self.on_error == 'skip' else sample
        raise BrokenSampleError(f'not one of {len(self)} samples can be loaded; the first: {skipped[0]}')

    def __len__(self) -> int:
        """Samples of the data set."""
        return len(self.dataset)


def _parts(dataset: Any) -> Iterator[Any]:
    """A data set and those that it is made of."""
    yield dataset
    children = getattr(dataset, 'datasets', None) or [getattr(dataset, 'dataset', None)]
    for child in children:
        if child is not None:
            yield from _parts(child)
