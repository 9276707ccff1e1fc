"""Trainings on a disk that is full, a real one of a few megabytes."""

from __future__ import annotations

import os
import signal

import pytest

from mmseg_liteseg.checkpoint.errors import CheckpointWriteError
from tests.disks import fill

from .conftest import assert_equal, load, newest
from .test_checkpoint_hook import calling


@pytest.fixture(scope='module')
def whole(project):
    return project.train('uninterrupted')


@pytest.mark.parametrize(
    ('where', 'iteration', 'name'),
    [
        ('after_train_iter', 3, 'iter_4.pth'),
        ('before_val_epoch', 3, 'best_mIoU_iter_3.pth'),
        ('signal', 2, 'resume.pth'),
    ],
)
def test_a_checkpoint_without_room(project, whole, disk, where, iteration, name):
    def fill_up(runner, *args, **kwargs):
        if runner.iter == iteration:
            fill(disk, leave=50_000)
            if where == 'signal':
                os.kill(os.getpid(), signal.SIGTERM)

    hook = calling('after_train_iter' if where == 'signal' else where, fill_up)
    with pytest.raises(CheckpointWriteError) as caught:
        project.train(disk / 'work', custom_hooks=hook)
    text = str(caught.value)
    assert text.startswith(f'cannot write {disk}/work/{name}: No space left on device. It needs ')
    needs, free = (int(word) for word in text.split() if word.isdigit())
    assert needs > 500_000 > 50_000 >= free
    assert [load(path)['meta']['iter'] for path in sorted((disk / 'work').glob('iter_*.pth'))] == [2]
    assert not list((disk / 'work').glob('.*.part'))
    (disk / 'ballast').unlink()
    assert_equal(newest(project.train(disk / 'work', resume=True)), newest(whole))


def test_curves_without_room(project, whole, disk, capfd):
    def fill_up(runner):
        fill(disk)

    with pytest.raises(OSError, match='bytes are free') as caught:
        project.train(disk / 'work', custom_hooks=calling('before_train', fill_up), log_level='INFO')
    assert caught.value.filename == str(disk / 'work')
    assert 'Traceback' not in capfd.readouterr().err  # of the log
    (disk / 'ballast').unlink()
    assert_equal(newest(project.train(disk / 'work', resume=True)), newest(whole))
