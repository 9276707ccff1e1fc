"""Trains one piece of one training."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import torch

from mmseg_liteseg.benchmark.machine import cpu_model, versions
from mmseg_liteseg.engine.checkpoint_hook import find_hook
from mmseg_liteseg.engine.class_weights import fill_class_weights
from mmseg_liteseg.engine.failures import explained
from mmseg_liteseg.engine.folder_lock import FolderLock
from mmseg_liteseg.engine.launch import build_runner, enable_resume
from mmseg_liteseg.engine.resume import LAST
from mmseg_liteseg.engine.resume_hook import VALIDATED, ResumeHook
from mmseg_liteseg.engine.stop_hook import TrainingStopped
from mmseg_liteseg.processor import available_cores, multiplies_bfloat16
from mmseg_liteseg.visualization.files import replaced_by

from .budget import get_budget
from .config import DATA_ROOT, Job, check_same, compose, recipe
from .errors import StudyError
from .models import get_entry

RECORD = 'run.json'
_FORMER_LAST = 'last.pth'  # the state of trainings from before mmengine's loop was used


def train(
    job: Job, runs: str, data_root: str = DATA_ROOT, seconds: float | None = None, workers: int | None = None
) -> tuple[int, int]:
    """Starts a training or goes on with it, until it ends or the time is over.

    Args:
        job: Which training.
        runs: Folder of all trainings.
        data_root: CamVid as tools/dataset_converters/camvid.py writes it.
        seconds: Time for this piece; None for no end.
        workers: Processes that load data; the budget's number by default.

    Returns:
        Iterations done, and of how many.

    Raises:
        TrainingStopped: A signal came; what was done is on disk.
        RunEndedError: A process that loads data ended.
        StudyError: The data is not there, or the folder holds something else than this training.
        FolderInUseError: Another process is training there.
    """
    cfg = compose(job, data_root, workers)
    folder, total = job.folder(runs), cfg.train_cfg.max_iters
    if job.amp and not (torch.cuda.is_available() or multiplies_bfloat16()):
        raise StudyError('--amp needs a CUDA GPU or a CPU that multiplies in bfloat16: there is neither')
    _check_files(job)
    if get_budget(job.budget).on_camvid:
        _check_data(cfg)
    with FolderLock(folder):
        record = _open_record(folder, job, recipe(cfg))
        if record['done'] < total or record['validated'] < total:
            cfg.work_dir, cfg.launcher = str(folder), 'none'
            # mmengine keeps one runner a name, and pieces may follow within a process
            cfg.experiment_name = f'{job.budget}-{job.name}-{job.seed}-{time.time_ns()}'
            cfg.custom_hooks.append(dict(type='mmseg_liteseg.StopHook', seconds=seconds))
            enable_resume(cfg)
            _train_piece(cfg, record, folder)
        return record['done'], total


def _check_files(job: Job) -> None:
    """Refuses a training that lacks a file it names or needs."""
    named = {'--start': job.start, '--teacher': job.teacher}
    for option, path in named.items():
        if path and not Path(path).is_file():
            raise StudyError(f'{option} {path}: no such file')
    needed = get_entry(job.name).needs
    if needed and not named[needed]:
        raise StudyError(f'{job.name} needs {needed} FILE: {get_entry(job.name).about}')


def _train_piece(cfg: Any, record: dict[str, Any], folder: Path) -> None:
    """Runs mmengine's runner and notes what it did, where and how long."""
    start = time.time()
    runner = build_runner(cfg, fill_class_weights(cfg))
    stopped = None
    try:
        with explained(runner):
            runner.train()
    except TrainingStopped as error:
        stopped = error
    resumed = next(hook for hook in runner.hooks if isinstance(hook, ResumeHook))
    done = find_hook(runner).saved_iter
    record.update(done=done, validated=(runner.message_hub.get_info(VALIDATED) or [0, 0])[1])
    device = torch.cuda.get_device_name(0) if torch.cuda.is_available() else cpu_model()
    piece = dict(start=resumed.first_iter, end=done, seconds=round(time.time() - start, 1), device=device)
    piece.update(cores=available_cores(), threads=torch.get_num_threads(), versions=versions())
    record['pieces'].append(piece)
    _write(folder / RECORD, record)
    # a signal ends the study; a budget of time that is over only this piece
    if stopped is not None and stopped.code:
        raise stopped


def _open_record(folder: Path, job: Job, wanted: dict[str, Any]) -> dict[str, Any]:
    """The training's record, after a check that it is this one; a new one in a new folder."""
    path = folder / RECORD
    # as JSON holds it: tuples become lists
    wanted = json.loads(json.dumps(wanted))
    if path.is_file():
        record = json.loads(path.read_text(encoding='utf-8'))
        check_same(record['recipe'], wanted, folder)
        if (folder / _FORMER_LAST).exists() and record['done'] < wanted['train.max_iters']:
            raise StudyError(
                f'{folder}: {_FORMER_LAST} is the state of a training by an earlier version, which has to finish it; '
                'name another --runs folder'
            )
        return record
    if (folder / LAST).exists():
        raise StudyError(f'{folder}: there is a {LAST}, but no {RECORD} that says what it is')
    record = {**vars(job), 'done': 0, 'validated': 0, 'pieces': [], 'recipe': wanted}
    _write(path, record)
    return record


def _write(path: Path, record: dict[str, Any]) -> None:
    with replaced_by(path) as temporary:
        temporary.write_text(json.dumps(record, indent=1) + '\n', encoding='utf-8')


def _check_data(cfg: Any) -> None:
    """Looks for the images before anything slow is built.

    Raises:
        StudyError: A folder is missing; says how to make it.
    """
    root = Path(cfg.data_root)
    for name in ('img_dir/train', 'ann_dir/train', 'img_dir/val', 'ann_dir/val'):
        if not (root / name).is_dir():
            raise StudyError(
                f'{root / name}: no such folder. Convert CamVid first: '
                f'python tools/dataset_converters/camvid.py PATH_TO_CAMVID --out {root}, or name its --data-root'
            )
