"""A training made of pieces that together equal one uninterrupted training."""

from __future__ import annotations

import logging
import os
import signal
import time
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import current_thread, main_thread
from typing import Any, Callable, Iterator

import torch
from mmengine.runner import Runner
from mmengine.runner.base_loop import BaseLoop
from torch import nn
from torch.utils.data import DataLoader

from mmseg_liteseg.registry import LOOPS

from .history_hook import NOTE_PREFIX

LAST, BEST = 'last.pth', 'best.pth'
_VALIDATED, _BEST_SCORE, _VAL_SECONDS = (NOTE_PREFIX + name for name in ('validated', 'best_score', 'val_seconds'))


@LOOPS.register_module()
class PieceLoop(BaseLoop):
    """Trains by iterations, stops after a time or on SIGTERM or SIGINT, and resumes as if nothing had happened.

    ::

        resume last.pth -> validation that was cut off -> iteration ... -> last.pth -> validation -> best.pth, last.pth
                                                              ^----------------------------------------------'

    ``last.pth`` (all that resuming needs) and ``best.pth`` (weights of the best validation) are replaced in one step: a
    kill at any moment leaves whole files, and costs what came after the last one. Each iteration seeds torch with the
    run's seed and its own number, and with :class:`~mmseg_liteseg.datasets.StreamSampler` its images depend on that
    number too. mmengine's CheckpointHook is not needed: set ``default_hooks=dict(checkpoint=None)``.

    Args:
        runner: The runner; one process.
        dataloader: Or its config. Its sampler must be a StreamSampler.
        max_iters: Iterations of the whole training.
        val_interval: Iterations from one validation to the next; the last iteration is validated too.
        seconds: Time for this piece; None for no end.
        save_seconds: Time between two states on disk.
        metric: Which value of the validation makes a checkpoint the best; larger is better, the earlier of equals wins.
        channels_last: Puts the network's weights into the memory format that convolutions on tensor cores like.
    """

    def __init__(
        self,
        runner: Runner,
        dataloader: DataLoader | dict,
        max_iters: int,
        val_interval: int,
        seconds: float | None = None,
        save_seconds: float = 120.0,
        metric: str = 'mIoU',
        channels_last: bool = False,
    ) -> None:
        super().__init__(runner, dataloader)
        if not hasattr(self.dataloader.sampler, 'start'):
            raise TypeError(
                f'PieceLoop: expected a mmseg_liteseg.StreamSampler, got {type(self.dataloader.sampler).__name__}'
            )
        self.max_iters, self.val_interval = max_iters, val_interval
        self.deadline = float('inf') if seconds is None else time.monotonic() + seconds
        self.save_seconds, self.metric, self.channels_last = save_seconds, metric, channels_last
        self.max_epochs, self._epoch, self._iter, self.first_iter = 1, 0, 0, 0
        self.stop_training = False  # hooks may set it, too
        self.runner.visualizer.dataset_meta = self.dataloader.dataset.metainfo

    @property
    def epoch(self) -> int:
        """Always 0: the whole training is one epoch to the hooks."""
        return self._epoch

    @property
    def iter(self) -> int:
        """Iterations done."""
        return self._iter

    def run(self) -> nn.Module:
        """Runs one piece and returns the model."""
        if self.channels_last:
            self.runner.model.to(memory_format=torch.channels_last)
        self.first_iter = self._iter
        for loader in (self.dataloader, getattr(self.runner.val_loop, 'dataloader', None)):
            if loader is not None:
                loader.worker_init_fn = partial(_leave_group, loader.worker_init_fn)
        self.runner.call_hook('before_train')
        self.runner.call_hook('before_train_epoch')
        with self._stopped_by_signals():
            self._validate_if_due()
            self._iterate()
        self.runner.call_hook('after_train_epoch')
        self.runner.call_hook('after_train')
        return self.runner.model

    def _iterate(self) -> None:
        """Trains until the end, the deadline or a signal; leaves the state of the last iteration on disk."""
        if self._iter >= self.max_iters:
            return
        self.dataloader.sampler.start = self._iter * self.dataloader.batch_size
        batches, saved_at, saved_time = iter(self.dataloader), self._iter, time.monotonic()
        while self._iter < self.max_iters and not self._must_stop():
            self._train_step(next(batches))
            if self._validation_is_due() or time.monotonic() - saved_time > self.save_seconds:
                self._save_last()
                if not self._must_stop(self._info(_VAL_SECONDS, 0.0)):
                    self._validate_if_due()
                saved_at, saved_time = self._iter, time.monotonic()
        if saved_at != self._iter:
            self._save_last()

    def _train_step(self, batch: dict[str, Any]) -> None:
        """One iteration: hooks, losses, gradients, optimiser."""
        runner, index = self.runner, self._iter
        torch.manual_seed((runner.seed << 32) + index)  # dropout
        runner.model.train()
        runner.call_hook('before_train_iter', batch_idx=index, data_batch=batch)
        outputs = runner.model.train_step(batch, optim_wrapper=runner.optim_wrapper)
        runner.call_hook('after_train_iter', batch_idx=index, data_batch=batch, outputs=outputs)
        self._iter += 1

    def _must_stop(self, needed: float = 0.0) -> bool:
        """Whether to stop here, with ``needed`` more seconds of work ahead."""
        return self.stop_training or time.monotonic() + needed > self.deadline

    def _validation_is_due(self) -> bool:
        at_interval = self._iter % self.val_interval == 0 or self._iter == self.max_iters
        has_loop = self.runner.val_loop is not None
        return has_loop and self._iter > 0 and at_interval and self._info(_VALIDATED, 0) != self._iter

    def _validate_if_due(self) -> None:
        """Validates, and keeps the weights if they are the best so far; what a kill cut off is done again."""
        if not self._validation_is_due():
            return
        start = time.monotonic()
        score = float(self.runner.val_loop.run()[self.metric])
        if score > self._info(_BEST_SCORE, float('-inf')):
            self._save(BEST, save_optimizer=False, save_param_scheduler=False)
            self._note(_BEST_SCORE, score)
        self._note(_VALIDATED, self._iter)
        self._note(_VAL_SECONDS, time.monotonic() - start)
        self._save_last()

    def _save_last(self) -> None:
        self._save(LAST)

    def _save(self, name: str, **options: bool) -> None:
        """Writes a checkpoint beside its final place and moves it there."""
        folder, part = Path(self.runner.work_dir), f'.{name}.part'
        meta = dict(epoch=self._epoch, iter=self._iter)
        self.runner.save_checkpoint(str(folder), part, by_epoch=False, meta=meta, **options)
        os.replace(folder / part, folder / name)

    def _info(self, key: str, default: Any) -> Any:
        return self.runner.message_hub.runtime_info.get(key, default)

    def _note(self, key: str, value: float) -> None:
        self.runner.message_hub.update_info(key, value)

    @contextmanager
    def _stopped_by_signals(self) -> Iterator[None]:
        """The first SIGTERM or SIGINT ends the training after the iteration; a second one acts as ever."""

        def stop(number: int, frame: Any) -> None:
            self.stop_training = True
            signal.signal(number, before[number])
            self.runner.logger.log(logging.WARNING, f'{signal.Signals(number).name}: stopping after this iteration')

        # other threads may not set handlers
        numbers = (signal.SIGTERM, signal.SIGINT) if current_thread() is main_thread() else ()
        before = {number: signal.signal(number, stop) for number in numbers}
        try:
            yield
        finally:
            for number in numbers:
                signal.signal(number, before[number])


def _leave_group(init: Callable[[int], None] | None, worker_id: int) -> None:
    """Starts a data loader's worker in a process group of its own.

    Ctrl-C, timeout and schedulers signal the whole group, and torch raises wherever the training is as soon as a worker
    dies of it. The main process still ends its workers, and they end by themselves when it is gone.
    """
    if hasattr(os, 'setpgid'):  # not on Windows
        os.setpgid(0, 0)
    if init is not None:
        init(worker_id)
