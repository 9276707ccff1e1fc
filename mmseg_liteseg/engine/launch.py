"""What the tools that train and test share: from command line to a runner, with bad input refused first.

What their options change in a config stands in ``training_options`` and ``testing_options``, and is had from here.
"""

from __future__ import annotations

import argparse
import logging
import os
from pathlib import Path
from typing import Sequence

import torch
from mmengine.config import Config
from mmengine.device import is_cuda_available
from mmengine.dist import barrier
from mmengine.registry import RUNNERS
from mmengine.runner import Runner

from mmseg_liteseg.config_file import read_config
from mmseg_liteseg.disk import naming

from .cpu import adapt_to_cpu
from .errors import LaunchError
from .failures import explained
from .folders import require_folder
from .following import follow, follow_numbers
from .harden import harden
from .screen import Screen
from .stop_hook import TrainingStopped
from .testing_options import (
    drop_training_hooks,
    enable_tta,
    failures_of,
    paint_predictions,
    save_predictions,
    tolerate_failures,
)
from .training_options import enable_amp, enable_deterministic, enable_resume, enable_tensorboard

__all__ = [
    'LaunchError',
    'build_runner',
    'drop_training_hooks',
    'enable_amp',
    'enable_deterministic',
    'enable_resume',
    'enable_tensorboard',
    'enable_tta',
    'end_distributed',
    'failures_of',
    'load_config',
    'paint_predictions',
    'save_predictions',
    'test',
    'tolerate_failures',
    'train',
]

# The variables by which each launcher tells a process its place.
_RANK_VARIABLES = {
    'pytorch': ('RANK', 'WORLD_SIZE', 'LOCAL_RANK'),
    'slurm': ('SLURM_PROCID', 'SLURM_NTASKS', 'SLURM_NODELIST'),
    'mpi': ('OMPI_COMM_WORLD_RANK', 'OMPI_COMM_WORLD_SIZE', 'OMPI_COMM_WORLD_LOCAL_RANK'),
}


def load_config(args: argparse.Namespace) -> Config:
    """Reads the config and puts the command line's settings into it.

    Raises:
        LaunchError: if the file does not exist or cannot be read, or the work folder is a file.
        SettingError: a setting stands in two places with two values.
    """
    notes: list[str] = []
    cfg = read_config(args.config, args.cfg_options, LaunchError, lambda cfg: notes.extend(follow_numbers(cfg)))
    for note in (*notes, *follow(cfg)):
        print(note)
    cfg.launcher = args.launcher
    if args.work_dir:
        cfg.work_dir = args.work_dir
    elif not cfg.get('work_dir'):
        cfg.work_dir = str(Path('work_dirs') / Path(args.config).stem)
    require_folder('--work-dir', cfg.work_dir)
    # older launchers hand it over as an argument, mmengine reads the variable
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    Screen.open()  # whatever comes next imports the hosts
    return cfg


def build_runner(cfg: Config, notes: Sequence[str] = ()) -> Runner:
    """Builds the runner; where there is no GPU, after fitting the config to the CPU (the log says how).

    Args:
        cfg: The config.
        notes: Further lines for the log.

    Raises:
        LaunchError: if a distributed start lacks its variables or a process its GPU.
    """
    # first of all: processes that wait for one another never come to a message
    _check_launch(cfg.launcher)
    harden(cfg)
    notes = [*notes, *adapt_to_cpu(cfg)]
    # made here, not by RUNNERS.build, for a class whose screen is filtered
    kind = RUNNERS.get(cfg.runner_type) if cfg.get('runner_type') else Runner
    with naming(cfg.work_dir):
        runner = Screen.current().runner_type(kind).from_cfg(cfg)
    for note in notes:
        runner.logger.log(logging.INFO, note)
    return runner


def train(runner: Runner) -> None:
    """Trains, and leaves the process group.

    Raises:
        RunEndedError: Another process of the job, or one that loads data, ended or hangs.
        OSError: The disk is full; what was saved before is whole.
    """
    try:
        with explained(runner):
            runner.train()
            barrier()  # where nothing was left to train, others may still be joining through this process
    # all processes stop at the same iteration, so that the group is left in order
    except TrainingStopped:
        end_distributed()
        raise
    end_distributed()


def test(runner: Runner) -> None:
    """Tests, and leaves the process group.

    Raises:
        RunEndedError: A process that loads data ended.
        OSError: The disk is full.
    """
    with explained(runner):
        runner.test()
    end_distributed()


def end_distributed() -> None:
    """Leaves the process group, if there is one: torch warns of those left open."""
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


def _check_launch(launcher: str) -> None:
    """Finds a start that cannot work before the processes wait for one another."""
    missing = [name for name in _RANK_VARIABLES.get(launcher, ()) if name not in os.environ]
    if missing:
        raise LaunchError(
            f'--launcher {launcher}: {", ".join(missing)} not set. It is not for single processes: start with '
            'tools/dist_train.sh, tools/dist_test.sh, tools/slurm_train.sh, tools/slurm_test.sh or mpirun'
        )
    gpus = torch.cuda.device_count() if is_cuda_available() else 0
    local_rank = int(os.environ.get('LOCAL_RANK', 0))
    if launcher == 'pytorch' and gpus and local_rank >= gpus:
        raise LaunchError(
            f'process {local_rank} of this machine has no GPU of its own: {gpus} visible. Start at most {gpus}, '
            'or set CUDA_VISIBLE_DEVICES=-1 to use the CPU'
        )
