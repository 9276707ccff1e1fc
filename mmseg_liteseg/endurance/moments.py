"""What a training is doing, told to another process through shared memory."""

from __future__ import annotations

import time
from typing import Any

from mmengine.hooks import Hook

from mmseg_liteseg.registry import HOOKS

MOMENTS = ('starting', 'loading', 'iteration', 'saving', 'validation')


class Moments:
    """Where a training is, how often it was there, and for how long.

    Args:
        context: Of multiprocessing, by fork.

    Example:
        >>> import multiprocessing
        >>> moments = Moments(multiprocessing.get_context('fork'))
        >>> moments.enter('saving')
        >>> moments.now, moments.visits('saving'), moments.visits('validation')
        ('saving', 1, 0)
    """

    def __init__(self, context: Any) -> None:
        # without locks: who is killed in the middle would never give his back
        self._now = context.Value('i', 0, lock=False)
        self._visits = context.Array('i', len(MOMENTS), lock=False)
        self._seconds = context.Array('d', len(MOMENTS), lock=False)
        self._visits[0], self._since = 1, time.monotonic()

    @property
    def now(self) -> str:
        """Of MOMENTS, the one it is in."""
        return MOMENTS[self._now.value]

    def visits(self, moment: str) -> int:
        """How often it came to be in that moment."""
        return self._visits[MOMENTS.index(moment)]

    def seconds(self, moment: str) -> float:
        """What one visit takes."""
        return self._seconds[MOMENTS.index(moment)] / max(1, self.visits(moment))

    def enter(self, moment: str) -> None:
        """Said by the training."""
        before, after, since = self._now.value, MOMENTS.index(moment), self._since
        self._since = time.monotonic()
        self._seconds[before] += self._since - since
        self._now.value = after
        self._visits[after] += before != after


@HOOKS.register_module()
class MomentHook(Hook):
    """Tells in which moment the training is."""

    priority = 'VERY_HIGH'
    shared: Moments

    def before_train_iter(self, *args: Any, **kwargs: Any) -> None:
        """Losses, gradients, step."""
        self.shared.enter('iteration')

    def after_train_iter(self, *args: Any, **kwargs: Any) -> None:
        """Until the next batch is there; checkpoints are told apart."""
        self.shared.enter('loading')

    def before_save_checkpoint(self, *args: Any, **kwargs: Any) -> None:
        """Until the next event."""
        self.shared.enter('saving')

    def before_val(self, *args: Any, **kwargs: Any) -> None:
        """All of the validation."""
        self.shared.enter('validation')

    before_val_iter = after_val_iter = before_val
