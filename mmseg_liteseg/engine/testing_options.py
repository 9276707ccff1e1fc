"""What the options of a test's command line change in its config."""

from __future__ import annotations

from pathlib import Path

from mmengine.config import Config, ConfigDict
from mmengine.runner import Runner

from .errors import LaunchError
from .folders import require_folder
from .harden import name_of

# They ask for the training's data, which a test need not have.
_TRAINING_HOOKS = ('EarlyStoppingHook', 'ProfilerHook', 'NPUProfilerHook')


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
    require_folder('--out', folder)
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
    require_folder('--show-dir', folder)
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
