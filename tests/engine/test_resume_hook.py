"""Trainings that were cut off and resumed, against one in a single go."""

from __future__ import annotations

import pytest

from .conftest import assert_equal, newest

WORKERS = dict(num_workers=1, persistent_workers=False)
EPOCHS = dict(
    train_cfg=dict(type='EpochBasedTrainLoop', max_epochs=3, val_interval=1),
    train_dataloader=dict(sampler=dict(type='DefaultSampler', shuffle=True), **WORKERS),
    default_hooks=dict(checkpoint=dict(by_epoch=True, interval=1)),
)
GROUPS = dict(
    param_scheduler=[
        dict(type='LinearLR', start_factor=0.1, begin=0, end=3, by_epoch=False),
        dict(type='PolyLR', power=0.9, begin=3, end=7, by_epoch=False),
    ],
    optim_wrapper=dict(
        type='OptimWrapper',
        optimizer=dict(type='AdamW', lr=0.001),
        paramwise_cfg=dict(custom_keys={'backbone': dict(lr_mult=0.1), 'neck': dict(lr_mult=0.0)}),
        clip_grad=dict(max_norm=1.0),
    ),
    custom_hooks=[dict(type='EMAHook', ema_type='ExponentialMovingAverage', momentum=0.01)],
)
ACCUMULATED = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.01, momentum=0.9), accumulative_counts=4)
RARE = dict(default_hooks=dict(checkpoint=dict(interval=6, max_keep_ckpts=1)))

# What is trained, and where it is cut off.
CASES = {
    'in an iteration': ({}, ('before_train_iter', 4)),
    'in a validation': ({}, ('after_val_iter', 3)),
    'after the last validation': ({}, ('after_val_epoch', 2)),
    'while saving': ({}, ('before_save_checkpoint', 4)),
    'before the first checkpoint': ({}, ('after_train_iter', 1)),
    'rare checkpoints': (RARE, ('after_train_iter', 4)),
    'a finite sampler': (
        dict(train_dataloader=dict(sampler=dict(type='DefaultSampler', shuffle=True), batch_size=3)),
        ('after_train_iter', 5),
    ),
    'accumulation': (dict(optim_wrapper=ACCUMULATED), ('after_train_iter', 3)),
    'schedule, groups, EMA': (GROUPS, ('after_train_iter', 5)),
    'epochs': (EPOCHS, ('after_train_iter', 5)),
    'epochs, in a validation': (EPOCHS, ('after_val_iter', 6)),
}


@pytest.fixture(scope='module')
def whole(project):
    """Uninterrupted trainings, each made once."""
    made = {}

    def train(options):
        key = str(options)
        if key not in made:
            made[key] = project.train(f'whole {len(made)}', **options)
        return made[key]

    return train


@pytest.mark.parametrize('case', CASES)
def test_resumed_equals_uninterrupted(project, whole, case):
    options, kill = CASES[case]
    project.train(case, kill=kill, **options)
    cut = project.train(case, resume=True, **options)
    assert_equal(newest(cut), newest(whole(options)))
    assert {path.name for path in cut.glob('*.pth')} == {path.name for path in whole(options).glob('*.pth')}


@pytest.mark.parametrize('workers', [dict(num_workers=1, persistent_workers=True), dict(num_workers=2)])
def test_processes_that_load_data_change_nothing(project, whole, workers):
    name = f'workers {workers}'
    project.train(name, kill=('after_train_iter', 4), train_dataloader=workers)
    assert_equal(newest(project.train(name, resume=True, train_dataloader=workers)), newest(whole({})))
