"""What tools/train.py and tools/test.py share: from command line to a runner, with bad input refused first."""

from __future__ import annotations

import argparse
import importlib.util
import logging
import os
from pathlib import Path
from typing import Sequence

import torch
from mmengine.config import Config, ConfigDict
from mmengine.device import is_cuda_available, is_mlu_available, is_npu_available
from mmengine.dist import barrier
from mmengine.registry import RUNNERS
from mmengine.runner import Runner

from mmseg_liteseg.config_file import read_config
from mmseg_liteseg.disk import naming
from mmseg_liteseg.errors import LiteSegError
from mmseg_liteseg.processor import multiplies_bfloat16

from .cpu import adapt_to_cpu
from .failures import explained
from .following import follow, follow_numbers
from .harden import harden, name_of
from .resume import find_checkpoint
from .screen import Screen
from .stop_hook import TrainingStopped

# The variables by which each launcher tells a process its place.
_RANK_VARIABLES = {
    'pytorch': ('RANK', 'WORLD_SIZE', 'LOCAL_RANK'),
    'slurm': ('SLURM_PROCID', 'SLURM_NTASKS', 'SLURM_NODELIST'),
    'mpi': ('OMPI_COMM_WORLD_RANK', 'OMPI_COMM_WORLD_SIZE', 'OMPI_COMM_WORLD_LOCAL_RANK'),
}

_TRAINING_HOOKS = ('EarlyStoppingHook', 'ProfilerHook', 'NPUProfilerHook')


class LaunchError(LiteSegError):
    """A command line or a file that cannot work; the message names it and says what was expected."""


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
    _require_folder('--work-dir', cfg.work_dir)
    # older launchers hand it over as an argument, mmengine reads the variable
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    Screen.open()  # whatever comes next imports the hosts
    return cfg


def enable_amp(cfg: Config) -> None:
    """Switches to mixed precision: half precision with dynamic loss scaling on a GPU, bfloat16 on a CPU.

    Raises:
        LaunchError: The machine has neither, or the optimiser wrapper is of a type that has no mixed form.
    """
    kind = cfg.optim_wrapper.get('type', 'OptimWrapper')
    if kind not in ('OptimWrapper', 'AmpOptimWrapper'):
        raise LaunchError(f'--amp: optim_wrapper.type is {kind}, expected OptimWrapper')
    if is_cuda_available() or is_npu_available() or is_mlu_available():
        cfg.optim_wrapper.type = 'AmpOptimWrapper'
        cfg.optim_wrapper.setdefault('loss_scale', 'dynamic')
    elif kind == 'OptimWrapper' and multiplies_bfloat16():
        cfg.optim_wrapper.type = 'mmseg_liteseg.Bfloat16OptimWrapper'
    else:
        raise LaunchError(
            f'--amp with optim_wrapper.type {kind} needs a GPU, with OptimWrapper at least a CPU that multiplies in '
            'bfloat16, and this machine has none: leave it out to train in full precision'
        )


def enable_tensorboard(cfg: Config) -> None:
    """Adds TensorBoard to where curves go, beside the local files.

    Raises:
        LaunchError: if the package is not installed.
    """
    if importlib.util.find_spec('tensorboard') is None:
        raise LaunchError('--tensorboard needs a package that is not installed: pip install tensorboard')
    visualizer = cfg.setdefault('visualizer', ConfigDict(type='SegLocalVisualizer'))
    backends = visualizer.setdefault('vis_backends', [ConfigDict(type='LocalVisBackend')])
    if not any(backend['type'] == 'TensorboardVisBackend' for backend in backends):
        backends.append(ConfigDict(type='TensorboardVisBackend'))


def enable_resume(cfg: Config, named: bool = False) -> list[str]:
    """Lets the training go on from the newest whole checkpoint in the work folder.

    A config's ``load_from`` is where a training starts: mmengine would take it for the state to resume. It is used
    where the work folder holds none, for weights alone.

    Args:
        cfg: The config.
        named: Whether the command line names ``load_from``: then that very state is resumed.

    Returns:
        What was decided, in words for the log.
    """
    start = cfg.get('load_from')
    if named or not start:
        cfg.resume = True
        return []
    hook = (cfg.get('default_hooks') or {}).get('checkpoint') or {}
    template = hook.get('filename_tmpl') or ('epoch_{}.pth' if hook.get('by_epoch', True) else 'iter_{}.pth')
    if find_checkpoint(cfg.work_dir, template=template).path:
        cfg.load_from, cfg.resume = None, True
        return []
    return [f'No checkpoint to resume from in {cfg.work_dir}: starting from {start}']


def enable_deterministic(cfg: Config) -> None:
    """Makes two runs of a training equal to the last bit; operations that cannot be raise, on a GPU."""
    randomness = ConfigDict(cfg.get('randomness') or {})
    randomness.update(deterministic=True)
    if randomness.get('seed') is None:
        randomness.seed = 0
    cfg.randomness = randomness
    cfg.setdefault('env_cfg', ConfigDict()).cudnn_benchmark = False
    # cuBLAS reads it at its start: https://docs.nvidia.com/cuda/cublas/#results-reproducibility
    os.environ.setdefault('CUBLAS_WORKSPACE_CONFIG', ':4096:8')


def drop_training_hooks(cfg: Config) -> None:
    """Leaves out what mmengine's hooks do for trainings alone: in a test they ask for the training's data."""
    hooks = cfg.get('custom_hooks') or []
    cfg.custom_hooks = [hook for hook in hooks if name_of(hook.get('type')) not in _TRAINING_HOOKS]


def enable_tta(cfg: Config) -> None:
    """Switches to test-time augmentation, as the config describes it.

    Raises:
        LaunchError: if the config does not describe any.
    """
    for field in ('tta_pipeline', 'tta_model'):
        if not cfg.get(field):
            raise LaunchError(f'--tta: the config has no {field}')
    if 'pipeline' not in cfg.test_dataloader.dataset:
        raise LaunchError(f'--tta: test_dataloader.dataset ({cfg.test_dataloader.dataset.type}) has no pipeline')
    cfg.test_dataloader.dataset.pipeline = cfg.tta_pipeline
    # mmengine's runner builds one model: the merging one, which holds the other
    cfg.model = ConfigDict({**cfg.tta_model, 'module': cfg.model})


def save_predictions(cfg: Config, folder: str) -> None:
    """Makes the evaluator write every prediction as a PNG of class indices (H, W) into a folder.

    Raises:
        LaunchError: if there is a file of that name, or the config has no evaluator.
    """
    _require_folder('--out', folder)
    evaluators = cfg.get('test_evaluator')
    if not evaluators:
        raise LaunchError('--out: the config has no test_evaluator')
    # mmseg's metric makes it in one process, and the others may be first
    Path(folder).mkdir(parents=True, exist_ok=True)
    first = evaluators if isinstance(evaluators, dict) else evaluators[0]
    if first['type'].endswith('IoUMetric'):  # it would lose images of equal names
        first.pop('output_dir', None)
        if first.get('format_only'):
            first.clear()
            first['type'] = 'mmseg_liteseg.NoMetric'
        cfg.custom_hooks = [
            *(cfg.get('custom_hooks') or []),
            ConfigDict(type='mmseg_liteseg.PredictionsHook', out_dir=folder),
        ]
        return
    first['output_dir'] = folder
    if first['type'].endswith('CityscapesMetric'):  # else it deletes what it wrote
        first['keep_results'] = True


def paint_predictions(cfg: Config, folder: str) -> None:
    """Makes the test loop paint labels and predictions over the images, into a folder.

    Raises:
        LaunchError: if there is a file of that name.
    """
    _require_folder('--show-dir', folder)
    hook = ConfigDict(type='mmseg_liteseg.PaintHook', out_dir=folder)
    cfg.custom_hooks = [*(cfg.get('custom_hooks') or []), hook]


def tolerate_failures(cfg: Config) -> None:
    """Lets a test go on after a picture that fails. Several processes stop at the first: their results must be even."""
    loop, loader = cfg.get('test_cfg') or {}, cfg.get('test_dataloader') or {}
    if cfg.launcher != 'none' or loop.get('type', 'TestLoop') != 'TestLoop' or 'collate_fn' in loader:
        return
    cfg.test_cfg = ConfigDict(loop, type='mmseg_liteseg.TolerantTestLoop')
    loader.dataset = ConfigDict(type='mmseg_liteseg.TolerantDataset', dataset=loader.dataset)
    loader.collate_fn = ConfigDict(type='mmseg_liteseg.datasets.tolerant.collate_readable')


def failures_of(runner: Runner) -> list[str]:
    """A line for each picture that the last test left out."""
    return list(getattr(runner.test_loop, 'failures', ()))


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


def _require_folder(option: str, folder: str) -> None:
    if Path(folder).exists() and not Path(folder).is_dir():
        raise LaunchError(f'{option} {folder}: expected a folder, found a file')


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
