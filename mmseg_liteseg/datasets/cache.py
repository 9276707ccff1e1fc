"""Decodes every image once: a bounded cache around the loading transforms of a pipeline."""

from __future__ import annotations

import hashlib
import pickle
from typing import Any, Sequence

import numpy as np
from mmcv.transforms import BaseTransform

from mmseg_liteseg.errors import SettingError
from mmseg_liteseg.registry import TRANSFORMS

from .arena import Arena


@TRANSFORMS.register_module()
class CachedLoading(BaseTransform):
    """Runs loading transforms once per sample and hands out copies of their result afterwards.

    For sets that fit into memory, such as CamVid (0.25 GB at 360x480)::

        train_pipeline = [
            dict(type='mmseg_liteseg.CachedLoading', max_bytes=2**30, transforms=[
                dict(type='LoadImageFromFile'), dict(type='LoadAnnotations')]),
            dict(type='RandomFlip', prob=0.5),
            ...
        ]

    What is shared: workers that are forked (mmengine's default on Linux) share one cache with each other and with the
    main process, whether or not they are persistent; together they take at most ``max_bytes``. Processes that are
    spawned, and the processes of a distributed run, have one of ``max_bytes`` each.

    When the cache is full, what is in it stays and the rest is loaded as ever: in shuffled epochs every sample is as
    likely as another, so throwing out old ones would gain nothing. Files that change later are not read again.

    Args:
        transforms: Loading transforms. Their result may depend on nothing but their input.
        max_bytes: Upper bound of the cache; memory is taken as it fills. 0 turns the cache off. Float images of whole
            numbers (``to_float32=True``) are kept as uint8.

    Raises:
        SettingError: If there are no transforms, one of them is random, or max_bytes is not a whole number from 0 on.
    """

    def __init__(self, transforms: Sequence[dict], max_bytes: int = 2**30) -> None:
        if not transforms:
            raise SettingError('CachedLoading.transforms: expected at least one loading transform')
        if isinstance(max_bytes, bool) or not isinstance(max_bytes, int) or max_bytes < 0:
            raise SettingError(
                f'CachedLoading.max_bytes: expected a whole number of bytes from 0 on, got {max_bytes!r}'
            )
        self.transforms = [TRANSFORMS.build(cfg) if isinstance(cfg, dict) else cfg for cfg in transforms]
        for transform in self.transforms:
            # mmcv's note of methods under cache_randomness: the first draw would be everybody's
            if getattr(transform, '_methods_with_randomness', None):
                raise SettingError(f'CachedLoading.transforms: {type(transform).__name__} is random, put it behind')
        self.max_bytes = max_bytes
        self._arena = Arena(max_bytes) if max_bytes else None

    def transform(self, results: dict) -> dict | None:
        """The result of the transforms, from the cache where they have run on this input before."""
        if self._arena is None:
            return self._load(results)
        digest = digest_of(results)
        kept = self._arena.load(digest)
        if kept is not None:
            return widen(kept)
        results = self._load(results)
        if results is not None:
            # a copy goes in, so that what the rest of the pipeline does to results stays out
            self._arena.store(digest, narrow(results))
        return results

    @property
    def used_bytes(self) -> int:
        """Bytes in the cache."""
        return self._arena.used_bytes if self._arena else 0

    def _load(self, results: dict | None) -> dict | None:
        for transform in self.transforms:
            if results is not None:
                results = transform(results)
        return results

    def __getstate__(self) -> dict:
        """Copies and spawned workers get a cache of their own: shared memory and locks cannot be pickled."""
        return {**self.__dict__, '_arena': None}

    def __setstate__(self, state: dict) -> None:
        self.__dict__.update(state)
        self._arena = Arena(self.max_bytes) if self.max_bytes else None

    def __repr__(self) -> str:
        return f'{type(self).__name__}(transforms={self.transforms}, max_bytes={self.max_bytes})'


def digest_of(results: dict) -> int:
    """64 bits, never 0, from all that a loading transform could look at."""
    digest = hashlib.blake2b(pickle.dumps(results, protocol=4), digest_size=8).digest()
    return int.from_bytes(digest, 'little') or 1


def narrow(results: dict) -> dict[str, tuple[Any, str | None]]:
    """Float32 arrays of whole numbers from 0 to 255 become uint8; their type stands beside them."""
    kept = {}
    for key, value in results.items():
        kept[key] = (value, None)
        if isinstance(value, np.ndarray) and value.dtype == np.float32:
            with np.errstate(invalid='ignore'):
                whole = value.astype(np.uint8)
            if np.array_equal(whole, value):
                kept[key] = (whole, 'float32')
    return kept


def widen(kept: dict[str, tuple[Any, str | None]]) -> dict:
    """Undoes `narrow`."""
    return {key: value if dtype is None else value.astype(dtype) for key, (value, dtype) in kept.items()}
