"""Trainings of four tiny pictures that are cut off at a chosen moment and go on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook

from mmseg_liteseg.engine import launch
from mmseg_liteseg.registry import HOOKS
from tests.helpers import forget_runs
from tests.tools.conftest import write_project


class Killed(BaseException):
    """Stands for SIGKILL: nothing of ours catches it."""


@HOOKS.register_module()
class KillHook(Hook):
    """Ends the training at the n-th call of a hook's method."""

    priority = 'LOWEST'

    def __init__(self, where: str, count: int = 1) -> None:
        self.left = count
        setattr(self, where, self._kill)

    def _kill(self, *args: Any, **kwargs: Any) -> None:
        self.left -= 1
        if not self.left:
            raise Killed


BASE = dict(
    model=dict(
        backbone=dict(base_channels=8), neck=dict(in_channels=128), decode_head=dict(in_channels=(32, 64, 128, 16))
    ),
    default_hooks=dict(checkpoint=dict(interval=2), logger=dict(interval=3)),
    launcher='none',
    randomness=dict(seed=3),
    log_level='ERROR',
)
WHOLE = dict(
    train_cfg=dict(type='IterBasedTrainLoop', max_iters=6, val_interval=3),
    optim_wrapper=dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.01, momentum=0.9)),
)


class Project:
    """A config that trainings of a test start from."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = write_project(folder)

    def config_of(self, name: str, resume: bool = False, kill: tuple | None = None, **options: Any) -> Config:
        """What is trained in the folder of that name."""
        cfg = Config.fromfile(self.config)
        steps = [cfg.load[0], cfg.load[1], dict(type='RandomFlip', prob=0.5), dict(type='PhotoMetricDistortion')]
        cfg.train_dataloader.dataset.pipeline = [*steps, cfg.load[2]]
        for loader in (cfg.train_dataloader, cfg.val_dataloader):
            loader.dataset.serialize_data = False  # it would collect all garbage of the process
        cfg.model.decode_head.dropout_ratio = 0.3
        cfg.merge_from_dict(dict(BASE, work_dir=str(self.folder / name), resume=resume))
        for key, value in {**WHOLE, **options}.items():
            if key in WHOLE:
                cfg[key] = value
            else:
                cfg.merge_from_dict({key: value})
        if kill:
            killer = dict(type='mmseg_liteseg.KillHook', where=kill[0], count=kill[1])
            cfg.custom_hooks = [*(cfg.get('custom_hooks') or []), killer]
        return cfg

    def train(self, name: str, resume: bool = False, kill: tuple | None = None, **options: Any) -> Path:
        """Trains in the folder of that name; returns it."""
        forget_runs()
        cfg = self.config_of(name, resume, kill, **options)
        with pytest.MonkeyPatch.context() as patch:
            for module in ('yapf.yapflib.yapf_api', 'mmengine.config.config'):  # half a second for each checkpoint
                patch.setattr(f'{module}.FormatCode', lambda text, **_: (text, False), raising=False)
            try:
                launch.train(launch.build_runner(cfg))
            except Killed:
                assert kill
            else:
                assert not kill, 'the training was not cut off'
        return self.folder / name


# of a module: two modules train in folders of the same names
@pytest.fixture(scope='module')
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project(tmp_path_factory.mktemp('resuming'))


def load(path: Path) -> dict[str, Any]:
    """A checkpoint, as anybody may load it: nothing of it runs."""
    return torch.load(path, map_location='cpu', weights_only=True)


def newest(folder: Path) -> dict[str, Any]:
    """The state that a training would go on from."""
    return load(folder / (folder / 'last_checkpoint').read_text())


def assert_equal(ours: Any, theirs: Any) -> None:
    """Two checkpoints hold the same state, to the last bit."""
    for key in ('state_dict', 'ema_state_dict', 'optimizer', 'param_schedulers'):
        assert key not in {*ours} ^ {*theirs}
        assert differing(ours.get(key), theirs.get(key), key) == []
    assert [ours['meta'][key] for key in ('epoch', 'iter')] == [theirs['meta'][key] for key in ('epoch', 'iter')]


def differing(ours: Any, theirs: Any, name: str) -> list[str]:
    """Names of what differs in two trees of tensors and plain values."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        keys = list(dict.fromkeys([*ours, *theirs]))
        return [found for key in keys for found in differing(ours.get(key), theirs.get(key), f'{name}.{key}')]
    if isinstance(ours, (list, tuple)) and len(ours) == len(theirs):
        return [found for i, pair in enumerate(zip(ours, theirs)) for found in differing(*pair, f'{name}.{i}')]
    same = torch.equal(ours, theirs) if isinstance(ours, torch.Tensor) else ours == theirs
    return [] if same else [name]
