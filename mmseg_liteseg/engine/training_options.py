"""What the options of a training's command line change in its config."""

from __future__ import annotations

import importlib.util
import os

from mmengine.config import Config, ConfigDict
from mmengine.device import is_cuda_available, is_mlu_available, is_npu_available

from mmseg_liteseg.processor import multiplies_bfloat16

from .errors import LaunchError
from .resume import find_checkpoint


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
