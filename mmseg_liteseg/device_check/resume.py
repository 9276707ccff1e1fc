"""A training that stops and goes on."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Callable

import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor

from mmseg_liteseg.engine.launch import build_runner

from .outcome import Measured


class Snapshot(Hook):
    """Keeps what a training begins with: weights and the optimiser's averages, and the iteration."""

    priority = 'LOWEST'

    def before_train(self, runner: Runner) -> None:
        """After the checkpoint is read."""
        self.tensors, self.iter = state_of(runner), runner.iter


def resume(device: torch.device, make_config: Callable[[], Config]) -> Measured:
    """Whether a training goes on with the very numbers that the one before ended with, on the device, to its end."""
    with tempfile.TemporaryDirectory() as folder:
        first = build_runner(_shorten(make_config(), Path(folder), iters=1))
        first.train()
        second, snapshot = build_runner(_shorten(make_config(), Path(folder), iters=2, resume=True)), Snapshot()
        second.register_hook(snapshot)
        second.train()
    ended, began, last = state_of(first), snapshot.tensors, state_of(second)
    places = {tensor.device.type for tensor in last}
    if places != {device.type}:
        raise RuntimeError(f'the training went on on {", ".join(sorted(places))}, not on {device.type}')
    if (snapshot.iter, second.iter, len(began)) != (1, 2, len(ended)):
        raise RuntimeError(f'went on from iteration {snapshot.iter} to {second.iter}, expected 1 to 2')
    # equality alone would also hold of a training that stands still
    if not all(tensor.isfinite().all() for tensor in last) or all(map(torch.equal, began, last)):
        raise RuntimeError('the iteration after going on gave no new weights, or no numbers')
    return Measured(max(float((a - b).abs().max()) for a, b in zip(ended, began)), 0.0)


def state_of(runner: Runner) -> list[Tensor]:
    """Copies of the weights and of what the optimiser keeps for each."""
    state, tensors = runner.optim_wrapper.optimizer.state, []
    for parameter in runner.model.parameters():
        kept = [value for _, value in sorted(state.get(parameter, {}).items()) if torch.is_tensor(value)]
        tensors += [parameter, *(value for value in kept if value.shape == parameter.shape)]
    return [tensor.detach().clone() for tensor in tensors]


def _shorten(cfg: Config, work_dir: Path, iters: int, resume: bool = False) -> Config:
    """A training of a few tiny batches, without validation, a checkpoint after each."""
    cfg.work_dir, cfg.resume, cfg.launcher = str(work_dir), resume, 'none'
    cfg.train_cfg.max_iters = iters
    cfg.param_scheduler = []
    for split in ('val', 'test'):
        for part in ('cfg', 'dataloader', 'evaluator'):
            cfg[f'{split}_{part}'] = None
    cfg.train_dataloader.update(num_workers=0, persistent_workers=False, batch_size=2)
    cfg.train_dataloader.dataset.update(length=4, size=(96, 144))
    cfg.default_hooks.checkpoint.interval = 1
    cfg.randomness, cfg.log_level = dict(seed=0), 'ERROR'
    return cfg
