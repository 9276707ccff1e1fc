"""Makes a training that was cut off and resumed equal to one that was not."""

from __future__ import annotations

from typing import Any, Iterator

import torch
from mmengine.dist import broadcast, get_rank, get_world_size
from mmengine.hooks import EarlyStoppingHook, Hook
from mmengine.optim import OptimWrapper
from mmengine.runner import EpochBasedTrainLoop, IterBasedTrainLoop, Runner
from mmengine.runner.base_loop import BaseLoop
from torch.utils.data import DataLoader

from mmseg_liteseg.datasets.stream import StreamSampler, seed_all, seed_of
from mmseg_liteseg.registry import HOOKS

from .finite import model_of
from .resumable import check_resumable, describe_changes

# Notes in mmengine's message hub, which go into every checkpoint.
VALIDATED = 'last_validation'  # mmengine logs what begins with val
_SEED, _LENGTH, _EARLY = 'stream_seed', 'train_samples', 'early_stopping'
_GRADIENTS = 'gradients'


@HOOKS.register_module()
class ResumeHook(Hook):
    """Draws, data, validations and gradients of a resumed training are those of an uninterrupted one.

    ::

        resume -> order from where it was -> validation that was cut off -> seeds of this iteration -> step -> ...

    With :class:`~mmseg_liteseg.datasets.StreamSampler` and :class:`~mmseg_liteseg.datasets.SeededDataset` every sample
    depends on its place in the training, and here every iteration on its number. On the CPU the weights are the same
    to the last bit. Where processes accumulate gradients, only a state between two updates is exact.
    """

    # behind the checkpoint hook, which finds the state, and seeds last before the step
    priority = 'LOWEST'

    def __init__(self) -> None:
        self._gradients: dict[str, torch.Tensor] = {}
        self.first_iter = 0  # where this process began

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Keeps the gradients that were being accumulated; says what has changed.

        Raises:
            ResumeError: The checkpoint belongs to another model or optimiser, or is not finite.
        """
        self._gradients = checkpoint.get(_GRADIENTS, {}) if runner._resume else {}
        if runner._resume:
            check_resumable(runner, checkpoint)
            for line in describe_changes(checkpoint, runner.cfg):
                runner.logger.warning(line)

    def before_train(self, runner: Runner) -> None:
        """Takes over the state, and makes up for a validation that was cut off."""
        hub, stream = runner.message_hub, stream_of(runner.train_dataloader)
        self.first_iter = runner.iter
        if stream is not None:
            # without a seed in the config each start draws one: the first one's goes on
            if hub.get_info(_SEED) not in (None, stream.seed):
                stream.reseed(hub.get_info(_SEED))
            hub.update_info(_SEED, stream.seed)
        for name, parameter in model_of(runner.model).named_parameters():
            if name in self._gradients:
                parameter.grad = self._gradients[name].to(parameter)
        length, before = len(runner.train_dataloader.dataset), hub.get_info(_LENGTH)
        hub.update_info(_LENGTH, length)
        if runner.iter:
            self._tell_what_is_left(runner, before, length)
            self._restore_early_stopping(runner)
            # best checkpoint and early stopping hang on it, so it may not be passed over
            if validation_is_due(runner) and hub.get_info(VALIDATED) != [runner.epoch, runner.iter]:
                runner.logger.info('Validating first: the validation of this checkpoint was cut off')
                runner.val_loop.run()

    @staticmethod
    def _tell_what_is_left(runner: Runner, before: int | None, length: int) -> None:
        """A finished training, and other data, would be passed over without a word."""
        loop, by_epoch = runner.train_loop, isinstance(runner.train_loop, EpochBasedTrainLoop)
        done, total = (loop.epoch, loop.max_epochs) if by_epoch else (loop.iter, loop.max_iters)
        if done >= total:
            runner.logger.warning(f'Nothing is left to train: the checkpoint has done {done} of {total}')
        if before not in (None, length):
            runner.logger.warning(f'The training data had {before} samples, now {length}: their order is another one')

    def before_train_epoch(self, runner: Runner) -> None:
        """Lets the data begin at this iteration."""
        loop, loader = runner.train_loop, runner.train_dataloader
        stream = stream_of(loader)
        if stream is None:
            if runner.iter:
                runner.logger.warning('Resuming is not exact: the train_dataloader has no mmseg_liteseg.StreamSampler')
            return
        done = loop.iter
        if isinstance(loop, EpochBasedTrainLoop):
            stream.set_epoch(loop.epoch)
            done -= loop.epoch * len(loader)
        elif done and isinstance(loop, IterBasedTrainLoop):
            # OpenMMLab's own loop loads all that was seen before, the maintained one asks the iterator to skip it
            asks = hasattr(loop.dataloader_iterator, 'skip_iter')
            loop.dataloader_iterator = Batches(loader, 0 if asks else done)
        if done > 0:
            stream.skip(done * loader.batch_sampler.batch_size)

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        """Seeds dropout and the like."""
        seed_all(seed_of(runner.seed, get_rank(), runner.iter))

    def before_val_epoch(self, runner: Runner) -> None:
        """Lets all processes evaluate the model that is saved: running statistics of BN may differ between them."""
        if get_world_size() > 1:
            for buffer in model_of(runner.model).buffers():
                broadcast(buffer)

    def after_val_epoch(self, runner: Runner, metrics: dict | None = None) -> None:
        """Notes for the next state that this validation is done, and what it came to."""
        if not isinstance(runner._train_loop, BaseLoop):  # runner.val() alone
            return
        hooks = [hook for hook in runner.hooks if isinstance(hook, EarlyStoppingHook)]
        states = [(hook.wait_count, hook.best_score, runner.train_loop.stop_training) for hook in hooks]
        runner.message_hub.update_info(_EARLY, [[int(a), float(b), bool(c)] for a, b, c in states])
        runner.message_hub.update_info(VALIDATED, [runner.epoch, runner.iter])

    def _restore_early_stopping(self, runner: Runner) -> None:
        hooks = [hook for hook in runner.hooks if isinstance(hook, EarlyStoppingHook)]
        for hook, (count, best, stopped) in zip(hooks, runner.message_hub.get_info(_EARLY) or ()):
            hook.wait_count, hook.best_score = count, best
            if stopped:
                runner.logger.info('EarlyStoppingHook had stopped this training here; without it, it goes on')
                runner.train_loop.stop_training = True

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Adds gradients that are being accumulated."""
        if 'optimizer' not in checkpoint or not accumulating(runner):
            return
        if get_world_size() > 1:
            runner.logger.warning('This checkpoint lies between two updates: the gradients of its iterations are lost')
            return
        parameters = model_of(runner.model).named_parameters()
        checkpoint[_GRADIENTS] = {name: p.grad.detach().cpu() for name, p in parameters if p.grad is not None}


class Batches:
    """Takes the place of the loop's iterator in a resumed training.

    Args:
        loader: Its sampler begins where the training goes on.
        skipped: Batches that the loop draws only to pass over them: nothing is loaded for these.
    """

    def __init__(self, loader: DataLoader, skipped: int) -> None:
        self._loader, self._skipped = loader, skipped
        self._iterator: Iterator | None = None

    def __iter__(self) -> Batches:
        return self

    def skip_iter(self, count: int) -> None:
        """Does nothing: the sampler has skipped them."""

    def __next__(self) -> Any:
        """The next batch; the data never end."""
        if self._skipped:
            self._skipped -= 1
            return None  # the loop passes over it unseen
        if self._iterator is None:
            self._iterator = iter(self._loader)
        try:
            return next(self._iterator)
        except StopIteration:
            self._iterator = iter(self._loader)
            return next(self._iterator)


def stream_of(loader: DataLoader) -> StreamSampler | None:
    """The loader's StreamSampler, if it has one, in a batch sampler or not."""
    for sampler in (loader.sampler, getattr(loader.batch_sampler, 'sampler', None)):
        if isinstance(sampler, StreamSampler):
            return sampler
    return None


def validation_is_due(runner: Runner) -> bool:
    """Whether mmengine's loops validate after this iteration or epoch."""
    loop = runner.train_loop
    if runner.val_loop is None or not isinstance(loop, (EpochBasedTrainLoop, IterBasedTrainLoop)):
        return False
    by_epoch = isinstance(loop, EpochBasedTrainLoop)
    done, total = (loop.epoch, loop.max_epochs) if by_epoch else (loop.iter, loop.max_iters)
    if by_epoch and loop.iter != loop.epoch * len(loop.dataloader):
        return False
    loop._decide_current_val_interval()
    return done > 0 and done >= loop.val_begin and (done % loop.val_interval == 0 or done == total)


def wrappers_of(optim_wrapper: Any) -> list[OptimWrapper]:
    """The single optimiser wrappers."""
    return list(optim_wrapper.values()) if hasattr(optim_wrapper, 'values') else [optim_wrapper]


def accumulating(runner: Runner) -> bool:
    """Whether gradients of past iterations wait for their update."""
    return any(
        wrapper.inner_count % getattr(wrapper, '_accumulative_counts', 1) and not wrapper.should_update()
        for wrapper in wrappers_of(runner.optim_wrapper)
    )
