"""Stops a training on a signal or after a time, with its state on disk."""

from __future__ import annotations

import signal
import time
from datetime import timedelta
from threading import current_thread, main_thread
from typing import Any

import torch
from mmengine.dist import get_world_size
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmengine.runner.base_loop import BaseLoop

from mmseg_liteseg.registry import HOOKS

from .checkpoint_hook import find_hook
from .resume_hook import accumulating

# SIGUSR1 is what Slurm is told to send before the time is over: sbatch --signal=USR1@120. Windows has not all of them.
SIGNALS = tuple(getattr(signal, name) for name in ('SIGTERM', 'SIGINT', 'SIGUSR1', 'SIGHUP') if hasattr(signal, name))
# beyond any signal's number, as processes agree on the largest
_TIME_IS_OVER = 1000


class TrainingStopped(SystemExit):
    """Ends the process as the shell expects after a signal, with 128 and its number; with 0 when the time is over."""

    def __init__(self, reason: int) -> None:
        super().__init__(0 if reason == _TIME_IS_OVER else 128 + reason)


@HOOKS.register_module()
class StopHook(Hook):
    """Saves the state after the iteration in which a signal came, and ends the process.

    A signal during a validation ends it: the state was saved before it, and resuming validates again. A second signal
    acts as if there were no hook. SIGHUP stays ignored where ``nohup`` had it ignored. Several processes agree on
    the iteration, over gloo and beside the step.

    Args:
        seconds: Stops after this time, too.
    """

    priority = 'LOWEST'

    def __init__(self, seconds: float | None = None) -> None:
        self._deadline = float('inf') if seconds is None else time.monotonic() + seconds
        self._before: dict[int, Any] = {}
        self._signal, self._agreed = 0, 0
        self._group, self._pending = None, None

    def before_run(self, runner: Runner) -> None:
        """Takes the signals over; only the main thread may."""
        if not isinstance(runner._train_loop, BaseLoop) or current_thread() is not main_thread():
            return

        def stop(number: int, frame: Any) -> None:
            self._signal = number
            # given back at once, so that a second signal acts as if there were no hook
            signal.signal(number, self._before[number])
            # Python runs handlers between bytecodes of the main thread: a log line is safe here
            runner.logger.warning(f'{signal.Signals(number).name}: stopping after this iteration')

        for number in SIGNALS:
            before = signal.getsignal(number)
            is_nohup = number == getattr(signal, 'SIGHUP', None) and before is signal.SIG_IGN
            if before is not None and not is_nohup:
                self._before[number] = before
                signal.signal(number, stop)

    def before_train(self, runner: Runner) -> None:
        """Opens the processes' own channel for the question whether to stop."""
        if get_world_size() > 1:
            seconds = runner.cfg.get('env_cfg', {}).get('dist_cfg', {}).get('timeout')
            timeout = {} if seconds is None else dict(timeout=timedelta(seconds=seconds))
            # gloo, since NCCL's answer would wait in the queue behind the step
            self._group = torch.distributed.new_group(backend='gloo', **timeout)

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        """Asks the other processes while this one works."""
        self._agreed = self._wanted()
        if self._group is not None:
            self._answer = torch.tensor([self._agreed])
            self._pending = torch.distributed.all_reduce(
                self._answer, torch.distributed.ReduceOp.MAX, self._group, async_op=True
            )

    def after_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        """Stops if it is time to; several processes that accumulate gradients stop after an update."""
        if self._pending is None:
            self._agreed = self._wanted()
        else:
            self._pending.wait()
            self._agreed = int(self._answer)
            if accumulating(runner):
                return
        if self._agreed:
            keeper = find_hook(runner)
            if keeper is not None:
                keeper.save_state(runner, runner.iter + 1)
            self._stop(runner, self._agreed)

    def after_val_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        """Stops at once: the state from before the validation is on disk."""
        if self._signal and isinstance(runner._train_loop, BaseLoop):
            self._stop(runner, self._signal)

    def after_train(self, runner: Runner) -> None:
        """Gives the signals back."""
        self._give_back()

    def _wanted(self) -> int:
        return self._signal or (_TIME_IS_OVER if time.monotonic() > self._deadline else 0)

    def _stop(self, runner: Runner, reason: int) -> None:
        self._give_back()
        keeper = find_hook(runner)
        state = f'the state is in {keeper.newest}, --resume goes on' if keeper and keeper.newest else 'nothing is saved'
        runner.logger.warning(f'Stopped: {state}')
        runner.visualizer.close()  # curves may wait to be written
        raise TrainingStopped(reason)

    def _give_back(self) -> None:
        while self._before:
            signal.signal(*self._before.popitem())
