"""Kills trainings at random moments, resumes them, and compares what they come to with an uninterrupted one."""

from __future__ import annotations

import copy
import multiprocessing
import os
import random
import shutil
import signal
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Iterator

import torch
from mmengine.config import Config, ConfigDict
from mmengine.hooks import Hook

from mmseg_liteseg.engine.resume import LAST, why_not
from mmseg_liteseg.errors import LiteSegError
from mmseg_liteseg.registry import HOOKS

MOMENTS = ('starting', 'loading', 'iteration', 'saving', 'validation')
_STATE = ('state_dict', 'ema_state_dict', 'optimizer', 'param_schedulers')


class KillTestError(LiteSegError):
    """A trial that cannot be made."""


@dataclass
class Case:
    """One way to train, and what became of its trainings.

    Attributes:
        name: In the table.
        options: Settings to merge into the config.
        kills: Moments of the kills so far, with how often each was hit.
        trainings: Trainings that came to their end.
        equal: Those that ended with the uninterrupted one's state, bit for bit.
        faults: What went wrong, in words.
    """

    name: str
    options: dict[str, Any]
    kills: Counter = field(default_factory=Counter)
    trainings: int = 0
    equal: int = 0
    faults: list[str] = field(default_factory=list)


def cases(interval: int) -> list[Case]:
    """Workers, checkpoints kept, averaging and accumulation in several combinations."""
    ema = dict(type='EMAHook', ema_type='ExponentialMovingAverage', momentum=0.01)

    def case(workers: int, keep: int, persistent: bool = False, ema_hook: bool = False, accumulated: int = 1) -> Case:
        words = [f'{workers} workers', f'keep {keep}', *(['persistent'] if persistent else [])]
        words += [*(['EMA'] if ema_hook else []), *([f'accumulate {accumulated}'] if accumulated > 1 else [])]
        loader = dict(num_workers=workers, persistent_workers=persistent)
        options = {
            'train_dataloader': loader,
            'default_hooks': dict(checkpoint=dict(interval=interval, max_keep_ckpts=keep, by_epoch=False)),
            'optim_wrapper': dict(accumulative_counts=accumulated),
            'custom_hooks': [ema] if ema_hook else [],
        }
        return Case(', '.join(words), options)

    return [
        case(0, 1),
        case(0, 3, ema_hook=True),
        case(1, 1, persistent=True),
        case(1, 3, accumulated=4),
        case(2, 1, ema_hook=True, accumulated=2),
        case(2, 3, persistent=True),
    ]


def short_config(path: str, iterations: int, images: int, options: dict[str, Any] | None = None) -> Config:
    """A config cut to a training of seconds: validated twice, saved four times, logged rarely.

    Args:
        path: Of the config.
        iterations: Of the training.
        images: Of the validation.
        options: Further settings.
    """
    cfg = Config.fromfile(path)
    cfg.merge_from_dict(options or {})
    cfg.train_cfg.update(max_iters=iterations, val_interval=iterations // 2)
    cfg.default_hooks.checkpoint.update(interval=max(iterations // 4, 1), save_best='mIoU', by_epoch=False)
    cfg.default_hooks.logger.interval = iterations
    cfg.val_dataloader.update(num_workers=0, persistent_workers=False)
    cfg.val_dataloader.dataset.indices = images
    if 'Synthetic' in cfg.val_dataloader.dataset.type:
        cfg.val_dataloader.dataset.pop('indices')
        cfg.val_dataloader.dataset.length = images
    cfg.randomness = dict(seed=0)
    cfg.visualizer.vis_backends = []
    return cfg


@HOOKS.register_module()
class MomentHook(Hook):
    """Tells the killer, through shared memory, where the training is."""

    priority = 'VERY_HIGH'
    shared: Any = None

    def _at(self, moment: str) -> None:
        self.shared.value = MOMENTS.index(moment)

    def before_train_iter(self, *args: Any, **kwargs: Any) -> None:
        """Losses, gradients, step."""
        self._at('iteration')

    def after_train_iter(self, *args: Any, **kwargs: Any) -> None:
        """Until the next batch is there; checkpoints are told apart."""
        self._at('loading')

    def before_save_checkpoint(self, *args: Any, **kwargs: Any) -> None:
        """Until the next event."""
        self._at('saving')

    def before_val(self, *args: Any, **kwargs: Any) -> None:
        """All of the validation."""
        self._at('validation')

    before_val_iter = after_val_iter = before_val


def run_cases(config: Config, folder: Path, kills: int, seed: int = 0) -> Iterator[Case]:
    """Makes the trials.

    Args:
        config: What is trained; its checkpoint interval is kept.
        folder: For the trainings; each is removed when it is done.
        kills: Number of SIGKILLs over all cases.
        seed: Of the moments.

    Yields:
        Each case when it is done.

    Raises:
        KillTestError: An uninterrupted training fails, or this system cannot fork.
    """
    if not hasattr(os, 'fork'):
        raise KillTestError('kill test: needs a system with fork')
    torch.set_num_threads(1)  # threads do not outlive a fork
    rng = random.Random(seed)
    todo = cases(config.default_hooks.checkpoint.interval)
    for index, case in enumerate(todo):
        share = kills // len(todo) + (index < kills % len(todo))
        if share:
            _run_case(config, case, folder / str(index), share, rng)
            yield case


def _run_case(config: Config, case: Case, folder: Path, kills: int, rng: random.Random) -> None:
    """One uninterrupted training, then others until there were enough kills."""
    shutil.rmtree(folder, ignore_errors=True)
    whole = folder / 'whole'
    training = _Training(config, case, whole)
    training.wait_for_start()
    start = time.monotonic()
    if training.end() != 0:
        raise KillTestError(f'{case.name}: the uninterrupted training fails; {whole}.log says why')
    seconds = time.monotonic() - start
    expected = _final(whole)
    while sum(case.kills.values()) < kills:
        cut = folder / f'cut-{case.trainings}'
        ended = False
        while not ended:  # also what was killed in its very last moment is resumed: it cleans up
            left = kills - sum(case.kills.values())
            training = _Training(config, case, cut)
            moment = training.kill_after(rng.uniform(0, 0.8) * seconds) if left else None
            if moment:
                case.kills[moment] += 1
                _check_after_kill(case, cut)
            else:
                ended = True
                if training.end() != 0:
                    case.faults.append(f'resuming failed: {cut}.log')
        case.trainings += 1
        found = _final(cut)
        is_equal = found is not None and _same(found, expected) and _names(cut) == _names(whole)
        case.equal += is_equal
        if is_equal:
            shutil.rmtree(cut)
        else:
            case.faults.append(f'{cut}: {_names(cut)} differ from {whole}: {_names(whole)}')


class _Training:
    """A training in a process of its own, which goes on with what its folder holds."""

    def __init__(self, config: Config, case: Case, folder: Path) -> None:
        folder.parent.mkdir(parents=True, exist_ok=True)
        context = multiprocessing.get_context('fork')
        self._moment = context.Value('i', 0)
        self._process = context.Process(target=_train, args=(config, case, folder, self._moment))
        self._process.start()

    def wait_for_start(self) -> None:
        """Until the first iteration, or the end."""
        while not self._moment.value and self._process.exitcode is None:
            self._process.join(0.01)

    def kill_after(self, seconds: float) -> str | None:
        """Kills it so long after its first iteration began; returns the moment, None if it ended before."""
        self.wait_for_start()
        self._process.join(seconds)
        if self._process.exitcode is not None:
            return None
        moment = MOMENTS[self._moment.value]
        os.kill(self._process.pid, signal.SIGKILL)
        self._process.join()
        return moment

    def end(self) -> int:
        """Its exit code."""
        self._process.join()
        return self._process.exitcode


def _train(config: Config, case: Case, folder: Path, moment: Any) -> None:
    """What the process does."""
    log = open(f'{folder}.log', 'a')  # noqa: SIM115 (for as long as the process lives)
    os.dup2(log.fileno(), 1)
    os.dup2(log.fileno(), 2)
    from mmseg_liteseg.engine import launch

    MomentHook.shared = moment
    cfg = copy.deepcopy(config)
    cfg.merge_from_dict(case.options)
    cfg.custom_hooks = [*cfg.custom_hooks, ConfigDict(type='mmseg_liteseg.MomentHook')]
    cfg.update(work_dir=str(folder), launcher='none', resume=True)
    cfg.experiment_name = f'{folder.name}-{time.time_ns()}'
    launch.train(launch.build_runner(cfg))
    sys.stdout.flush()


def _check_after_kill(case: Case, folder: Path) -> None:
    """What ``last_checkpoint`` names is whole at every moment."""
    pointer = folder / LAST
    reason = why_not(folder / pointer.read_text()) if pointer.is_file() else None
    if reason:
        case.faults.append(f'{folder / pointer.read_text()}: {reason}')


def _final(folder: Path) -> dict[str, Any] | None:
    """The state that a training came to."""
    pointer = folder / LAST
    if not pointer.is_file():
        return None
    return torch.load(folder / pointer.read_text(), map_location='cpu', weights_only=True)


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.suffix in ('.pth', '.part'))


def _same(ours: Any, theirs: Any) -> bool:
    """Whether two checkpoints hold the same tensors and numbers."""
    return all(_equal(ours.get(key), theirs.get(key)) for key in _STATE)


def _equal(ours: Any, theirs: Any) -> bool:
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return ours.keys() == theirs.keys() and all(_equal(ours[key], theirs[key]) for key in ours)
    if isinstance(ours, (list, tuple)) and isinstance(theirs, (list, tuple)):
        return len(ours) == len(theirs) and all(map(_equal, ours, theirs))
    return torch.equal(ours, theirs) if isinstance(ours, torch.Tensor) else ours == theirs


def table(done: list[Case]) -> str:
    """The trials as a table in Markdown."""
    lines = [f'| training | kills | {" | ".join(MOMENTS)} | trainings | equal | faults |']
    lines.append('|-' * (len(MOMENTS) + 5) + '|')
    for case in done:
        hits = ' | '.join(str(case.kills[moment]) for moment in MOMENTS)
        total = sum(case.kills.values())
        lines.append(f'| {case.name} | {total} | {hits} | {case.trainings} | {case.equal} | {len(case.faults)} |')
    hits = ' | '.join(str(sum(case.kills[moment] for case in done)) for moment in MOMENTS)
    counts = [(sum(case.kills.values()), case.trainings, case.equal, len(case.faults)) for case in done]
    kills, trainings, equal, faults = (sum(column) for column in zip(*counts))
    lines.append(f'| all | {kills} | {hits} | {trainings} | {equal} | {faults} |')
    return '\n'.join(lines)
