from __future__ import annotations

import multiprocessing
import os
from contextlib import contextmanager

import pytest

from mmseg_liteseg.engine.folder_lock import FolderInUseError, FolderLock

from .conftest import assert_equal, newest


@contextmanager
def held_by_another_process(folder):
    """Another process has the lock of a folder, until it is killed."""
    pytest.importorskip('fcntl')
    context = multiprocessing.get_context('fork')
    held = context.Event()

    def hold():
        lock = FolderLock(folder)
        held.set()
        context.Event().wait(120)
        lock.release()

    process = context.Process(target=hold)
    process.start()
    assert held.wait(60)
    yield process
    process.kill()
    process.join()


def test_a_second_process_is_kept_out_until_the_first_is_killed(tmp_path):
    with held_by_another_process(tmp_path / 'new') as process:
        with pytest.raises(FolderInUseError, match=f'new: process {process.pid} on .* is training there; name another'):
            FolderLock(tmp_path / 'new')
        with FolderLock(tmp_path / 'other'):
            pass
    FolderLock(tmp_path / 'new').release()


def test_one_after_the_other_in_one_process(tmp_path):
    for _ in range(2):
        with FolderLock(tmp_path):
            assert (tmp_path / '.lock').read_text().startswith(f'process {os.getpid()} on ')


def test_a_training_of_another_process_is_left_alone(project):
    folder = project.train('in use', train_cfg=dict(type='IterBasedTrainLoop', max_iters=2, val_interval=9))
    before = newest(folder)
    with held_by_another_process(folder), pytest.raises(FolderInUseError):
        project.train('in use', resume=True)
    assert_equal(newest(folder), before)
