"""Kills trainings at random moments, resumes them, and compares what they come to with an uninterrupted one."""

from __future__ import annotations

import copy
import os
import random
import shutil
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Iterator

import torch
from mmengine.config import Config

from mmseg_liteseg.engine.resume import LAST, why_not
from mmseg_liteseg.errors import LiteSegError

from .cpu_amp import has_scaler
from .moments import MOMENTS, Moments
from .trainings import Training

_STATE = ('state_dict', 'ema_state_dict', 'optimizer', 'param_schedulers')


class KillTestError(LiteSegError):
    """A trial that cannot be made."""


@dataclass
class Case:
    """One way to train, and what became of its trainings.

    Attributes:
        name: In the table.
        options: Settings to merge into the config.
        processes: Of the training.
        kills: Moments of the kills so far, with how often each was hit.
        trainings: Trainings that came to their end.
        equal: Those that ended with the uninterrupted one's state, bit for bit.
        faults: What went wrong, in words.
    """

    name: str
    options: dict[str, Any]
    processes: int = 1
    kills: Counter = field(default_factory=Counter)
    trainings: int = 0
    equal: int = 0
    faults: list[str] = field(default_factory=list)


def cases(interval: int) -> list[Case]:
    """Workers, checkpoints kept, averaging, accumulation, a loss scaler and two processes in several combinations.

    Args:
        interval: Iterations from one checkpoint to the next.
    """
    ema = dict(type='EMAHook', ema_type='ExponentialMovingAverage', momentum=0.01)

    def case(
        workers: int,
        keep: int,
        persistent: bool = False,
        ema_hook: bool = False,
        accumulated: int = 1,
        amp: bool = False,
        processes: int = 1,
    ) -> Case:
        words = [f'{workers} workers', f'keep {keep}', *(['persistent'] if persistent else [])]
        words += [*(['EMA'] if ema_hook else []), *([f'accumulate {accumulated}'] if accumulated > 1 else [])]
        words += [*(['loss scaler'] if amp else []), *([f'{processes} processes'] if processes > 1 else [])]
        wrapper = dict(type='mmseg_liteseg.CpuAmpOptimWrapper') if amp else {}
        options = {
            'train_dataloader': dict(num_workers=workers, persistent_workers=persistent),
            'default_hooks': dict(checkpoint=dict(interval=interval, max_keep_ckpts=keep, by_epoch=False)),
            'optim_wrapper': dict(accumulative_counts=accumulated, **wrapper),
            'custom_hooks': [ema] if ema_hook else [],
        }
        return Case(', '.join(words), options, processes)

    return [
        case(0, 1),
        case(0, 3, ema_hook=True),
        case(1, 1, persistent=True),
        case(1, 3, accumulated=4),
        case(2, 1, ema_hook=True, accumulated=2),
        case(2, 3, persistent=True),
        *([case(0, 1, amp=True)] if has_scaler() else []),
        *([case(1, 3, amp=True, ema_hook=True, accumulated=2)] if has_scaler() else []),
        # a kill hits both processes at different moments
        case(0, 1, processes=2),
        case(1, 3, ema_hook=True, processes=2),
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
    config = copy.deepcopy(config)
    config.merge_from_dict(case.options)
    whole = folder / 'whole'
    # the measure: its state, and how long each of its moments lasts
    training = Training(config, whole, case.processes)
    if training.end() != 0:
        raise KillTestError(f'{case.name}: the uninterrupted training fails; {whole}.log says why')
    expected, usual = _final(whole), training.moments
    while sum(case.kills.values()) < kills:
        cut = folder / f'cut-{case.trainings}'
        ended = False
        while not ended:  # also what was killed in its very last moment is resumed: it cleans up
            left = kills - sum(case.kills.values())
            training = Training(config, cut, case.processes)
            moment = training.kill_in(*_choose(usual, rng), rng) if left else None
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


def _choose(usual: Moments, rng: random.Random) -> tuple[str, int, float]:
    """A moment, all alike often, one of its visits, in the first half of the training, and a place in it."""
    moment = rng.choice(MOMENTS)
    return moment, rng.randint(1, max(1, usual.visits(moment) // 2)), rng.uniform(0, usual.seconds(moment))


def _check_after_kill(case: Case, folder: Path) -> None:
    """What ``last_checkpoint`` names is whole at every moment."""
    pointer = folder / LAST
    reason = why_not(folder / pointer.read_text(encoding='utf-8')) if pointer.is_file() else None
    if reason:
        case.faults.append(f'{folder / pointer.read_text(encoding="utf-8")}: {reason}')


def _final(folder: Path) -> dict[str, Any] | None:
    """The state that a training came to."""
    pointer = folder / LAST
    if not pointer.is_file():
        return None
    return torch.load(folder / pointer.read_text(encoding='utf-8'), map_location='cpu', weights_only=True)


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
