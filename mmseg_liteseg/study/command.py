"""What tools/study.py does, by its commands."""

from __future__ import annotations

import argparse
import time
from typing import Iterator

import torch

from .budget import BUDGETS, Budget, get_budget
from .config import Job
from .errors import StudyError
from .models import ENTRIES, get_entry
from .results import read_runs
from .train import train


def run(args: argparse.Namespace, started: float) -> Iterator[str]:
    """Runs a command and tells what happens, line by line.

    Args:
        args: From tools/study.py.
        started: When the tool began, by time.monotonic: what ``--minutes`` counts from.

    Raises:
        StudyError: An argument cannot work.
    """
    if getattr(args, 'device', None) == 'cuda' and not torch.cuda.is_available():
        raise StudyError('--device cuda: torch sees no CUDA GPU here')
    if getattr(args, 'threads', None):
        torch.set_num_threads(args.threads)
    yield from dict(list=_list, train=_train, speed=_speed, report=_report, publish=_publish)[args.command](
        args, started
    )


def device_of(args: argparse.Namespace) -> str:
    """Where to predict."""
    return 'cuda' if torch.cuda.is_available() and args.device != 'cpu' else 'cpu'


def _list(args: argparse.Namespace, started: float) -> Iterator[str]:
    yield 'models:'
    for name, entry in ENTRIES.items():
        yield f'  {name:16} {entry.group:9} {entry.about}'
    for budget in BUDGETS.values():
        crop = 'x'.join(map(str, budget.crop))
        yield f'budget {budget.name}: {budget.iters} iterations of {budget.batch} x {crop}, {budget.about}'
        known = {(run.name, run.seed): run for run in read_runs(args.runs, budget.name)}
        for job in dict.fromkeys([*budget.runs(), *known]):
            found = known.get(job)
            best = f', best mIoU {100 * found.best["mIoU"]:.2f}' if found and found.validations else ''
            state = f'{found.done} of {found.total}{best}' if found else 'not begun'
            yield f'  {job[0]:16} seed {job[1]}  {state}'


def jobs_of(args: argparse.Namespace, budget: Budget) -> list[Job]:
    """The trainings that the arguments name, or the budget's plan."""
    plan = budget.runs()
    if args.names or args.seed is not None:
        names = [name for name in (args.names or budget.plan) if get_entry(name)]
        plan = [(name, seed) for seed in (args.seed or [0]) for name in names]
    if any(seed < 0 for _, seed in plan):
        raise StudyError('--seed: expected numbers from 0 on')
    return [Job(name, budget.name, seed, args.ema, args.amp, args.start, args.teacher) for name, seed in plan]


def _train(args: argparse.Namespace, started: float) -> Iterator[str]:
    """Trains one after the other until the time is over."""
    if args.minutes is not None and args.minutes <= 0:
        raise StudyError(f'--minutes {args.minutes}: expected more than 0')
    for job in jobs_of(args, get_budget(args.budget)):
        # from the tool's start: imports and the trainings before count, as a scheduler counts them
        left = None if args.minutes is None else 60 * args.minutes - (time.monotonic() - started)
        if left is not None and left <= 0:
            yield f'{job}: no time left, the same command goes on'
            return
        done, total = train(job, args.runs, args.data_root, left, args.workers)
        if done < total:
            yield f'{job}: stopped at {done} of {total}, the same command goes on'
            return
        yield f'{job}: done, {total} iterations, in {job.folder(args.runs)}'


def _speed(args: argparse.Namespace, started: float) -> Iterator[str]:
    from .speed import measure

    yield from (f'wrote {path}' for path in measure(args.budget, args.out, args.rounds, device_of(args)))


def _report(args: argparse.Namespace, started: float) -> Iterator[str]:
    from .report import write_report

    written = write_report(args.runs, args.out, args.budget, args.data_root, args.speed, device_of(args))
    yield written[0].read_text(encoding='utf-8')
    yield from (f'wrote {path}' for path in written)


def _publish(args: argparse.Namespace, started: float) -> Iterator[str]:
    from .publish import publish_best

    written = publish_best(args.runs, args.out, args.budget, args.data_root, device_of(args))
    yield from (f'wrote {path}' for path in written)
