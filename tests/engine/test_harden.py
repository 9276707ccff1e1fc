from __future__ import annotations

import copy

import pytest
from mmengine.config import Config

from mmseg_liteseg.engine.harden import harden
from tests.helpers import REPO

CONFIGS = sorted((REPO / 'configs/ppliteseg').glob('*.py'))


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_once_more_changes_nothing(path):
    cfg = Config.fromfile(path)
    harden(cfg)
    once = copy.deepcopy(cfg.to_dict())
    harden(cfg)
    assert cfg.to_dict() == once
    assert cfg.default_hooks.checkpoint.type == 'mmseg_liteseg.SafeCheckpointHook'
    assert cfg.train_dataloader.sampler.type == 'mmseg_liteseg.StreamSampler'
    assert [hook.type for hook in cfg.custom_hooks[-4:]] == [
        f'mmseg_liteseg.{name}Hook' for name in ('Guard', 'SkippedFiles', 'Resume', 'Stop')
    ]


def test_settings_of_the_user_stay():
    cfg = Config.fromfile(CONFIGS[0])
    cfg.default_hooks.checkpoint = dict(type='MyHook')
    cfg.custom_hooks = [dict(type='mmseg_liteseg.GuardHook', max_in_a_row=3)]
    cfg.env_cfg.dist_cfg = dict(backend='gloo', timeout=7)
    cfg.on_error = 'skip'
    harden(cfg)
    assert cfg.default_hooks.checkpoint.type == 'MyHook'
    assert [hook for hook in cfg.custom_hooks if 'GuardHook' in hook.type] == [
        dict(type='mmseg_liteseg.GuardHook', max_in_a_row=3)
    ]
    assert cfg.env_cfg.dist_cfg == dict(backend='gloo', timeout=7)
    assert cfg.train_dataloader.dataset.on_error == 'skip'


@pytest.mark.parametrize(
    ('loop', 'endless'),
    [
        (dict(by_epoch=True, max_epochs=1), False),
        (dict(by_epoch=False, max_iters=1), True),
        (dict(type='EpochBasedTrainLoop', max_epochs=1), False),
        (dict(type='mmengine.IterBasedTrainLoop', max_iters=1), True),
    ],
)
def test_passes_follow_the_loop(loop, endless):
    cfg = dict(train_cfg=loop, train_dataloader=dict(sampler=dict(type='DefaultSampler'), dataset=dict(type='Any')))
    harden(cfg)
    assert cfg['train_dataloader']['sampler']['endless'] is endless
    assert cfg['default_hooks']['checkpoint']['interval'] == 1


def test_configs_that_only_test_stay():
    cfg = dict(test_dataloader=dict(num_workers=1))
    harden(cfg)
    assert cfg == dict(test_dataloader=dict(num_workers=1))


def test_loaders_without_processes_keep_no_settings_of_processes():
    """torch refuses them, and ``num_workers=0`` on a command line should be enough."""
    loader = dict(num_workers=0, persistent_workers=True, prefetch_factor=4, dataset=dict(type='Any'))
    cfg = dict(train_cfg=dict(by_epoch=True), train_dataloader=dict(loader), val_dataloader=dict(loader))
    harden(cfg)
    for name in ('train_dataloader', 'val_dataloader'):
        assert not {'persistent_workers', 'prefetch_factor'} & {*cfg[name]}
