from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from mmengine.optim import OptimWrapper
from torch import nn

from mmseg_liteseg.engine.resumable import ResumeError, changes, check_resumable, describe_changes

from .conftest import load, newest


def make_runner(width=3, kind=torch.optim.SGD, groups=1, **options):
    """What the check looks at of a runner."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(1, width, 1), nn.BatchNorm2d(width))
    parameters = list(model.parameters())
    parts = [dict(params=parameters[i::groups]) for i in range(groups)]
    optimizer = kind(parts, lr=0.1, **options)
    model(torch.rand(2, 1, 4, 4)).sum().backward()
    optimizer.step()
    return SimpleNamespace(model=model, optim_wrapper=OptimWrapper(optimizer), _load_from='work/iter_4.pth')


def checkpoint_of(runner):
    state = {f'module.{key}': value.clone() for key, value in runner.model.state_dict().items()}
    return dict(meta=dict(iter=4), state_dict=state, optimizer=runner.optim_wrapper.state_dict())


def test_its_own_checkpoint_fits():
    runner = make_runner(momentum=0.9)
    check_resumable(runner, checkpoint_of(runner))


@pytest.mark.parametrize(
    ('other', 'message'),
    [
        (make_runner(4), r'belongs to another model: 0\.weight has shape \(4, 1, 1, 1\), this config needs shape \(3,'),
        (make_runner(kind=torch.optim.AdamW), 'its optimiser is another one than SGD: it has amsgrad and no dampening'),
        (make_runner(groups=2), 'its optimiser has 2 groups of 4 parameters, this config makes 1 of 4'),
    ],
)
def test_checkpoints_of_other_configs_are_refused(other, message):
    with pytest.raises(ResumeError, match=rf'^work/iter_4\.pth: {message}.*To start a new training from its weights'):
        check_resumable(make_runner(), checkpoint_of(other))


def test_missing_and_further_weights_are_named():
    runner = make_runner()
    for change, message in (
        (lambda state: state.pop('module.1.bias'), '1.bias has nothing'),
        (lambda state: state.update({'module.head': torch.ones(2)}), 'this config needs nothing'),
    ):
        checkpoint = checkpoint_of(runner)
        change(checkpoint['state_dict'])
        with pytest.raises(ResumeError, match=message):
            check_resumable(runner, checkpoint)


@pytest.mark.parametrize('where', ['weights', 'statistics', 'optimizer'])
def test_states_that_are_not_finite_are_refused(where):
    runner = make_runner(momentum=0.9)
    checkpoint = checkpoint_of(runner)
    tensors = dict(
        weights=checkpoint['state_dict']['module.0.weight'],
        statistics=checkpoint['state_dict']['module.1.running_var'],
        optimizer=checkpoint['optimizer']['state'][1]['momentum_buffer'],
    )
    kept = tensors[where].clone()
    tensors[where][0] = float('inf')
    with pytest.raises(ResumeError, match=r'1 tensors are not finite, .*load_from=FILE'):
        check_resumable(runner, checkpoint)
    tensors[where].copy_(kept)  # the optimiser's is shared


def test_a_constant_of_the_model_may_be_infinite():
    runner = make_runner()
    runner.model.register_buffer('mask', torch.tensor(float('-inf')))
    check_resumable(runner, checkpoint_of(runner))


def test_weights_alone_are_no_state():
    runner = make_runner()
    with pytest.raises(ResumeError, match='holds weights alone'):
        check_resumable(runner, runner.model.state_dict())


CONFIG = """
train_dataloader = dict(batch_size=2, num_workers=0, dataset=dict(type='A'))
optim_wrapper = dict(optimizer=dict(lr=0.01, betas=(0.9, 0.99)))
work_dir = 'a'
"""


def test_changes_are_named_one_by_one():
    checkpoint = dict(meta=dict(cfg=CONFIG))
    same = dict(
        train_dataloader=dict(batch_size=2, num_workers=4, dataset=dict(type='A')),
        optim_wrapper=dict(optimizer=dict(lr=0.01, betas=(0.9, 0.99))),
        work_dir='b',
    )
    assert changes(checkpoint, same) == []
    assert list(describe_changes(checkpoint, same)) == []
    same['train_dataloader']['batch_size'] = 4
    assert changes(checkpoint, same) == ['train_dataloader.batch_size: 2 -> 4']
    assert 'Learning rates' not in next(describe_changes(checkpoint, same))
    same['optim_wrapper']['optimizer'].update(lr=0.5, betas=(0.9, 0.999))
    (line,) = describe_changes(checkpoint, same)
    assert 'optim_wrapper.optimizer.lr: 0.01 -> 0.5; optim_wrapper.optimizer.betas.1: 0.99 -> 0.999' in line
    assert line.endswith('Learning rates and schedules, their ends included, stay those of the checkpoint')


@pytest.mark.parametrize('text', [None, 'no = ( python', 'import os'])
def test_a_checkpoint_whose_config_tells_nothing(text):
    assert changes(dict(meta=dict(cfg=text)), dict(train_cfg=dict(max_iters=1))) == []


def test_a_training_says_what_has_changed(project):
    name = 'changed'
    project.train(name, kill=('after_train_iter', 3))
    options = dict(optim_wrapper=dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.5, momentum=0.9)))
    train_cfg = dict(type='IterBasedTrainLoop', max_iters=2, val_interval=3)
    folder = project.train(
        name, resume=True, log_level='WARNING', train_cfg=train_cfg, **options, **{'train_dataloader.batch_size': 1}
    )
    log = ''.join(path.read_text() for path in folder.glob('*/*.log'))
    assert 'optim_wrapper.optimizer.lr: 0.01 -> 0.5' in log
    assert 'train_dataloader.batch_size: 2 -> 1' in log
    assert 'Nothing is left to train: the checkpoint has done 2 of 2' in log
    assert newest(folder)['optimizer']['param_groups'][0]['lr'] == 0.01
    assert load(folder / 'iter_2.pth')['message_hub']['runtime_info']['train_samples'] == 4
