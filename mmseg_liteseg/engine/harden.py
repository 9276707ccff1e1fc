"""Puts what makes trainings safe and repeatable into any config."""

from __future__ import annotations

from typing import Any

from mmengine.config import ConfigDict

# Hooks that every training gets, unless its config names them itself, with other settings say.
_HOOKS = ('GuardHook', 'SkippedFilesHook', 'ResumeHook', 'StopHook')
_TIMEOUT = 600  # seconds that processes wait for one of them, which may be saving or reading slowly
_WORKER = 'mmseg_liteseg.engine.workers.start_worker'


def harden(cfg: Any) -> None:
    """Changes a config in place: checkpoints, order of the data, seeds, signals; once more changes nothing.

    ::

        default_hooks.checkpoint  CheckpointHook -> SafeCheckpointHook
        train_dataloader.sampler  any            -> StreamSampler around it
        train_dataloader.dataset  any            -> SeededDataset around it
        custom_hooks              + ResumeHook, ...; ResultNamesHook where a metric writes files

    Args:
        cfg: mmengine's Config, or a dictionary of its fields.
    """
    _name_results(cfg)
    if not cfg.get('train_dataloader'):
        return
    _harden_checkpoints(cfg)
    _harden_group(cfg)
    _harden_data(cfg)
    for name in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        _harden_workers(cfg.get(name))
    hooks = list(cfg.get('custom_hooks') or [])
    present = {name_of(hook.get('type')) for hook in hooks if isinstance(hook, dict)}
    hooks += [ConfigDict(type=f'mmseg_liteseg.{name}') for name in _HOOKS if name not in present]
    cfg['custom_hooks'] = hooks


def _name_results(cfg: Any) -> None:
    """Lets no metric write two images' results into one file."""
    metrics = [cfg.get(name) or () for name in ('val_evaluator', 'test_evaluator')]
    metrics = [metric for group in metrics for metric in (group if isinstance(group, (list, tuple)) else [group])]
    hooks = list(cfg.get('custom_hooks') or [])
    writes = any(isinstance(metric, dict) and metric.get('output_dir') for metric in metrics)
    names = {name_of(hook.get('type')) for hook in hooks if isinstance(hook, dict)}
    if writes and 'ResultNamesHook' not in names:
        cfg['custom_hooks'] = [*hooks, ConfigDict(type='mmseg_liteseg.ResultNamesHook')]


def name_of(kind: Any) -> str:
    """Name of a type without its scope; new configs hold classes, old ones text."""
    return kind.rsplit('.', 1)[-1] if isinstance(kind, str) else getattr(kind, '__name__', '')


def _harden_checkpoints(cfg: Any) -> None:
    """Makes mmengine's own hook safe; others, and none, are the user's choice."""
    hooks = ConfigDict(cfg.get('default_hooks') or {})
    hooks.setdefault('checkpoint', ConfigDict(type='CheckpointHook', interval=1))  # what mmengine would add
    # a second one, say for the best of another metric, may stand among the custom hooks
    for hook in [hooks.checkpoint, *(cfg.get('custom_hooks') or ())]:
        if isinstance(hook, dict) and name_of(hook.get('type')) == 'CheckpointHook':
            hook['type'] = 'mmseg_liteseg.SafeCheckpointHook'
    cfg['default_hooks'] = hooks


def _harden_group(cfg: Any) -> None:
    """Lets a distributed training end where one of its processes hangs."""
    environment = ConfigDict(cfg.get('env_cfg') or {})
    environment.setdefault('dist_cfg', ConfigDict(backend='nccl')).setdefault('timeout', _TIMEOUT)
    cfg['env_cfg'] = environment


def _harden_data(cfg: Any) -> None:
    """Makes every sample depend on its place in the training alone."""
    loader = cfg['train_dataloader']
    sampler, dataset = loader.get('sampler'), loader.get('dataset')
    if isinstance(sampler, dict) and name_of(sampler.get('type')) != 'StreamSampler':
        loader['sampler'] = ConfigDict(
            type='mmseg_liteseg.StreamSampler', sampler=sampler, endless=_counts_iterations(cfg['train_cfg'])
        )
    if isinstance(dataset, dict) and name_of(dataset.get('type')) != 'SeededDataset':
        loader['dataset'] = ConfigDict(
            type='mmseg_liteseg.SeededDataset', dataset=dataset, on_error=cfg.get('on_error', 'stop')
        )


def _counts_iterations(loop: dict) -> bool:
    if loop.get('type') is None:
        return not loop.get('by_epoch', True)
    return 'Iter' in name_of(loop['type'])


def _harden_workers(loader: Any) -> None:
    """Lets the processes that load data end with the training, not with its process group."""
    if isinstance(loader, dict) and not loader.get('num_workers'):
        # torch refuses them without processes: num_workers=0 on a command line should be enough
        for name in ('persistent_workers', 'prefetch_factor'):
            loader.pop(name, None)
    if isinstance(loader, dict) and loader.get('num_workers') and 'worker_init_fn' not in loader:
        quiet = loader.pop('disable_subprocess_warning', False)
        loader['worker_init_fn'] = ConfigDict(type=_WORKER, disable_subprocess_warning=quiet)
