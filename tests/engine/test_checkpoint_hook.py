from __future__ import annotations

import os

import pytest
import torch
from mmengine.hooks import Hook

from mmseg_liteseg.checkpoint.errors import CheckpointWriteError
from mmseg_liteseg.engine.finite import DivergedError
from mmseg_liteseg.registry import HOOKS

from .conftest import Killed, assert_equal, newest

ONE = dict(default_hooks=dict(checkpoint=dict(max_keep_ckpts=1)))


@HOOKS.register_module()
class CallHook(Hook):
    """Calls a function of the test."""

    priority = 'NORMAL'

    def __init__(self, where, function):
        setattr(self, where, function)


def calling(where, function):
    return [dict(type='mmseg_liteseg.CallHook', where=where, function=function)]


def names(folder):
    return sorted(path.name for path in folder.glob('*.pth'))


@pytest.fixture(scope='module')
def whole(project):
    return project.train('whole', **ONE)


def test_files_and_names(whole):
    best, last = names(whole)
    assert best in ('best_mIoU_iter_3.pth', 'best_mIoU_iter_6.pth')
    assert last == 'iter_6.pth'
    assert (whole / 'last_checkpoint').read_text() == 'iter_6.pth'


def test_the_host_resumes_from_our_files(whole, tmp_path, project):
    from mmengine.config import Config
    from mmengine.runner import Runner

    cfg = Config.fromfile(project.config)
    cfg.merge_from_dict(
        {
            'model.backbone.base_channels': 8,
            'model.neck.in_channels': 128,
            'model.decode_head.in_channels': (32, 64, 128, 16),
            'model.decode_head.norm_cfg.type': 'BN',
            'model.backbone.norm_cfg.type': 'BN',
            'model.neck.norm_cfg.type': 'BN',
        }
    )
    # it would delete the best one so far, in the folder of `whole`, if iteration 7 were better
    cfg.default_hooks.checkpoint.save_best = None
    cfg.update(work_dir=str(tmp_path), resume=True, load_from=str(whole / 'iter_6.pth'))
    cfg.train_cfg.update(max_iters=7, val_interval=9)
    cfg.optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.01, momentum=0.9))
    Runner.from_cfg(cfg).train()
    assert torch.load(tmp_path / 'iter_7.pth', weights_only=False)['meta']['iter'] == 7


def test_the_old_one_goes_last(project):
    """At every moment of saving there is a whole checkpoint, and last_checkpoint names one."""
    seen = []

    def look(runner, checkpoint):
        folder = project.folder / 'looked'
        if (folder / 'last_checkpoint').is_file():
            seen.append((newest(folder)['meta']['iter'], names(folder)))

    folder = project.train('looked', custom_hooks=calling('before_save_checkpoint', look), **ONE)
    assert [iteration for iteration, _ in seen] == sorted(iteration for iteration, _ in seen)
    assert any('iter_2.pth' in files for _, files in seen)
    assert len(list(folder.glob('iter_*.pth'))) == 1


def test_a_kill_between_the_new_and_the_old(project, whole, monkeypatch):
    def die(hook, found):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr('mmseg_liteseg.engine.checkpoint_hook.SafeCheckpointHook._remove', die)
        project.train('between', kill=('after_train', 99), **ONE)
    assert names(project.folder / 'between') == ['iter_2.pth']
    folder = project.train('between', resume=True, **ONE)
    assert names(folder) == names(whole)
    assert_equal(newest(folder), newest(whole))


def test_moved_folder_resumes_and_keeps_one_best(project, whole):
    project.train('here', kill=('after_train_iter', 5), **ONE)
    os.rename(project.folder / 'here', project.folder / 'there')
    folder = project.train('there', resume=True, **ONE)
    assert names(folder) == names(whole)
    assert_equal(newest(folder), newest(whole))


def test_the_best_score_is_remembered(project):
    score = iter([0.5, 0.4])

    def set_metric(runner, metrics):
        metrics['mIoU'] = next(score)

    options = dict(custom_hooks=calling('after_val_epoch', set_metric), **ONE)
    project.train('best', kill=('after_train_iter', 4), **options)
    folder = project.train('best', resume=True, **options)
    assert names(folder) == ['best_mIoU_iter_3.pth', 'iter_6.pth']


@pytest.mark.parametrize('value', [float('nan'), float('inf')])
def test_metrics_that_are_not_finite_are_never_the_best(project, value):
    def set_metric(runner, metrics):
        metrics['mIoU'] = value

    folder = project.train(f'not finite {value}', custom_hooks=calling('after_val_epoch', set_metric))
    assert not list(folder.glob('best_*'))


@pytest.mark.parametrize(
    ('part', 'name'),
    [
        ('runner.model.decode_head.conv_seg.weight.data', 'decode_head.conv_seg.weight'),
        ('next(runner.model.backbone.buffers())', 'backbone.'),  # batch normalisation's
        ("runner.optim_wrapper.optimizer.state_dict()['state'][0]['momentum_buffer']", 'optimizer.0.momentum_buffer'),
    ],
)
def test_a_state_that_is_not_finite_is_not_saved_and_ends_the_training(project, part, name):
    def spoil(runner, batch_idx, data_batch=None, outputs=None):
        if runner.iter == 3:
            eval(part, dict(runner=runner))[0] = float('nan')

    with pytest.raises(DivergedError) as caught:
        project.train(f'broken {name}', custom_hooks=calling('after_train_iter', spoil))
    folder, text = project.folder / f'broken {name}', str(caught.value)
    assert text.startswith(f'iter_4.pth is not saved: 1 tensors are not finite, such as {name}')
    assert f'The last good checkpoint is {folder / "resume.pth"}' in text
    assert newest(folder)['meta']['iter'] == 3
    for path in folder.glob('*.pth'):
        state = torch.load(path, weights_only=True)['state_dict']
        assert all(value.isfinite().all() for value in state.values())


def test_what_stands_in_the_place_of_last_checkpoint_is_told_first(project):
    (project.folder / 'taken' / 'last_checkpoint').mkdir(parents=True)
    with pytest.raises(IsADirectoryError, match='last_checkpoint: it is a folder'):
        project.train('taken')


def test_a_full_disk_is_named_and_nothing_is_lost(project, whole, monkeypatch):
    from mmseg_liteseg.checkpoint import files

    def no_room(descriptor):
        raise OSError(28, 'No space left on device')

    project.train('full', kill=('after_train_iter', 3), **ONE)
    with monkeypatch.context() as patch:
        patch.setattr(files.os, 'fsync', no_room)
        with pytest.raises(CheckpointWriteError) as caught:
            project.train('full', resume=True, **ONE)
    text, folder = str(caught.value), project.folder / 'full'
    assert text.startswith(f'cannot write {folder}/')
    assert 'No space left on device. It needs ' in text
    assert not list(folder.glob('.*.part'))
    folder = project.train('full', resume=True, **ONE)
    assert names(folder) == names(whole)
    assert_equal(newest(folder), newest(whole))
