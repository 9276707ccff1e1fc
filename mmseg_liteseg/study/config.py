"""The whole config of one training: our CamVid recipe with a model, a budget and a seed."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config, ConfigDict
from mmengine.utils import import_modules_from_strings

from mmseg_liteseg.benchmark.names import resolve
from mmseg_liteseg.engine.following import follow

from .budget import RELEASED, Budget, get_budget
from .errors import StudyError
from .models import get_entry, model_config

DATA_ROOT = 'data/camvid-360x480/'
OPTIONS = ('ema', 'amp')
_HALF = dict(type='AmpOptimWrapper', loss_scale='dynamic')
_BFLOAT16 = dict(type='mmseg_liteseg.Bfloat16OptimWrapper')


@dataclass(frozen=True)
class Job:
    """One training of the study.

    Attributes:
        name: Of the model.
        budget: Of the budget.
        seed: Of weights, order and augmentation.
        ema: Evaluates and keeps a running average of the weights.
        amp: Mixed precision: half precision on a GPU, bfloat16 on a CPU.
        start: File of the weights to start from; none for a start from scratch.
        teacher: Checkpoint of a model to learn from beside the labels, with its config next to it.
    """

    name: str
    budget: str
    seed: int = 0
    ema: bool = False
    amp: bool = False
    start: str = ''
    teacher: str = ''

    def folder(self, runs: str | Path) -> Path:
        """Where it keeps its files."""
        return Path(runs) / self.budget / self.name / f'seed-{self.seed}'

    def __str__(self) -> str:
        return f'{self.name}, budget {self.budget}, seed {self.seed}'


def compose(job: Job, data_root: str = DATA_ROOT, workers: int | None = None) -> Config:
    """The config of a training; ``tools/train.py`` takes it as well.

    Args:
        job: Which training.
        data_root: Folder with ``img_dir`` and ``ann_dir``.
        workers: Processes that load data; the budget's number by default.

    Raises:
        StudyError: Unknown model or budget, or the model changes another budget's recipe.
    """
    entry, budget = get_entry(job.name), get_budget(job.budget)
    if entry.settings and job.name not in budget.plan:
        raise StudyError(f'model {job.name}: changes a recipe that the budget {budget.name} does not follow')
    cfg = Config.fromfile(resolve(budget.config)[1])
    fields = cfg._cfg_dict
    fields.model = model_config(job.name, budget.crop, budget.batch, cfg)
    if job.teacher:
        fields.model.distillation = ConfigDict(teacher=config_beside(job.teacher), checkpoint=job.teacher)
    fields.crop_size = budget.crop
    if entry.edges:
        # the packing is last
        fields.train_pipeline.insert(-1, dict(type='GenerateEdge', edge_width=4))
        fields.train_dataloader.dataset.pipeline = fields.train_pipeline
    if budget.on_camvid:
        _set_data(fields, budget, data_root, budget.workers if workers is None else workers)
    _set_schedule(fields, budget)
    _set_runtime(fields, job)
    fields.load_from = job.start or None
    imports = [*fields.custom_imports.imports, *entry.imports]
    fields.custom_imports = ConfigDict(imports=imports, allow_failed_imports=False)
    import_modules_from_strings(**fields.custom_imports)  # as mmengine does for a config that it reads from a file
    composed = Config(copy.deepcopy(fields), cfg_text=f'# {job}, composed by tools/study.py', filename='config.py')
    composed.merge_from_dict(dict(entry.settings))
    return composed


def config_beside(checkpoint: str) -> str:
    """The config of a checkpoint: of the same name, or the training's in the same folder.

    Raises:
        StudyError: There is none.
    """
    path = Path(checkpoint)
    found = [file for file in (path.with_suffix('.py'), path.with_name('config.py')) if file.is_file()]
    if not found:
        raise StudyError(f'--teacher {checkpoint}: no {path.stem}.py or config.py beside it says what model it is')
    return str(found[0])


def _set_data(fields: ConfigDict, budget: Budget, data_root: str, workers: int) -> None:
    """Crops, batches, and loading that is done once."""
    fields.data_root = data_root
    for step in fields.train_pipeline:
        if 'crop_size' in step:
            step.crop_size = budget.crop
    loading = dict(num_workers=workers, persistent_workers=workers > 0)
    source = fields.train_dataloader.dataset
    # a set whose transforms take several images holds the one that loads them
    mixed = source.get('dataset')
    if mixed is not None:
        mixed.update(data_root=data_root, pipeline=_cached(mixed.pipeline))
        source.pipeline = fields.train_pipeline
    else:
        source.update(data_root=data_root, pipeline=_cached(fields.train_pipeline))
    fields.train_dataloader.update(loading, batch_size=budget.batch)
    fields.val_dataloader.dataset.update(data_root=data_root, pipeline=_cached(fields.test_pipeline))
    fields.val_dataloader.update(loading, batch_size=4)
    fields.test_dataloader.dataset.data_root = data_root


def _cached(pipeline: list) -> list:
    """Runs the two loading transforms through a cache. Not in ``test_pipeline``, whose start inference changes."""
    return [dict(type='mmseg_liteseg.CachedLoading', transforms=pipeline[:2]), *pipeline[2:]]


def _set_schedule(fields: ConfigDict, budget: Budget) -> None:
    """The recipe's schedule, over the budget's iterations."""
    if budget.config != RELEASED:
        fields.update(max_iters=budget.iters, val_interval=budget.val_interval)
        follow(fields)
        return
    warmup, poly = fields.param_scheduler
    warmup.end = budget.warmup + 1
    poly.update(begin=budget.warmup, end=budget.iters + 1)
    fields.train_cfg.update(max_iters=budget.iters, val_interval=budget.val_interval)


def _set_runtime(fields: ConfigDict, job: Job) -> None:
    """Seed, precision, averaging, checkpoints and the study's own log."""
    budget = get_budget(job.budget)
    val_interval = budget.val_interval
    log_interval = min(50, val_interval)
    fields.randomness = ConfigDict(seed=job.seed)
    hooks = fields.default_hooks
    # where validations are: every state on disk has its figure
    hooks.checkpoint.update(interval=val_interval, save_best='mIoU', max_keep_ckpts=1)
    hooks.logger.interval = log_interval
    hooks.pop('visualization', None)
    # the study's own log holds the figures
    fields.visualizer.vis_backends = []
    own = fields.get('custom_hooks') or []
    fields.custom_hooks = [*own, ConfigDict(type='mmseg_liteseg.HistoryHook', interval=log_interval)]
    if budget.averaging is not None:
        for hook in own:
            if hook['type'] == 'EMAHook':
                hook.momentum = budget.averaging
    if job.ema and not any(hook['type'] == 'EMAHook' for hook in own):
        fields.custom_hooks.append(ConfigDict(type='EMAHook', ema_type='ExponentialMovingAverage', momentum=0.001))
    if job.amp:
        fields.optim_wrapper.update(_HALF if torch.cuda.is_available() else _BFLOAT16)


def recipe(cfg: Config) -> dict[str, Any]:
    """What makes two trainings the same, as flat names and plain values: all but folders, workers and logging."""
    pipeline = cfg.train_dataloader.dataset.pipeline
    parts = dict(
        model=cfg.model,
        data=dict(batch_size=cfg.train_dataloader.batch_size, pipeline=pipeline),
        optim_wrapper=cfg.optim_wrapper,
        param_scheduler=cfg.param_scheduler,
        train=dict(max_iters=cfg.train_cfg.max_iters, val_interval=cfg.train_cfg.val_interval),
        seed=cfg.randomness.seed,
        hooks=[hook for hook in cfg.custom_hooks if 'HistoryHook' not in hook['type']],
    )
    return dict(_flatten(parts))


def _flatten(node: Any, name: str = '') -> list[tuple[str, Any]]:
    """Leaves of a tree of dicts and lists with dotted names."""
    if isinstance(node, dict):
        items = node.items()
    elif isinstance(node, (list, tuple)):
        items = enumerate(node)
    else:
        return [(name, node)]
    return [leaf for key, value in items for leaf in _flatten(value, f'{name}.{key}' if name else str(key))]


def check_same(recorded: dict[str, Any], wanted: dict[str, Any], where: Path) -> None:
    """Refuses to go on with another recipe.

    Raises:
        StudyError: Something differs; names it with both values.
    """
    keys = [key for key in {**recorded, **wanted} if recorded.get(key) != wanted.get(key)]
    if keys:
        shown = '; '.join(f'{key} was {recorded.get(key)!r}, is {wanted.get(key)!r}' for key in keys[:3])
        more = f' and {len(keys) - 3} more' if len(keys) > 3 else ''
        raise StudyError(f'{where} holds a training with another recipe: {shown}{more}. Name another --runs folder')
