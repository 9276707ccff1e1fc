"""Real signals to real processes, which are forked: they start at once."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time

import pytest
import torch

from .conftest import assert_equal, newest
from .test_checkpoint_hook import calling

pytestmark = pytest.mark.skipif(not hasattr(os, 'fork'), reason='needs fork')
LONG = dict(train_cfg=dict(type='IterBasedTrainLoop', max_iters=6, val_interval=3))


def waiting(where, iteration, told):
    """Says that a moment has come, and waits there: for as long as a signal needs."""

    def wait(runner, *args, **kwargs):
        if runner.iter == iteration:
            told.set()
            time.sleep(0.5)

    return calling(where, wait)


def signalled(project, name, number, where='before_train_iter', iteration=3, before=None, **options):
    """Starts a training in a process, sends it a signal at a moment, returns its exit code."""
    context = multiprocessing.get_context('fork')
    told = context.Event()

    def run():
        torch.set_num_threads(1)
        if before:
            before()
        project.train(name, custom_hooks=waiting(where, iteration, told), **options, **LONG)

    process = context.Process(target=run)
    process.start()
    assert told.wait(120)
    os.kill(process.pid, number)
    process.join(120)
    return process.exitcode


@pytest.fixture(scope='module')
def whole(project):
    return project.train('stop whole', **LONG)


@pytest.mark.parametrize(
    ('number', 'where', 'iteration', 'code', 'done'),
    [
        (signal.SIGTERM, 'before_train_iter', 3, 143, 4),
        (signal.SIGINT, 'before_train_iter', 4, 130, 5),
        (signal.SIGUSR1, 'before_val_iter', 3, 138, 3),
        (signal.SIGKILL, 'before_val_iter', 3, -9, 3),
        (signal.SIGKILL, 'before_save_checkpoint', 3, -9, 2),
    ],
)
def test_a_signal_ends_within_an_iteration_and_resuming_equals(project, whole, number, where, iteration, code, done):
    name = f'{number} {where}'
    assert signalled(project, name, number, where, iteration) == code
    assert newest(project.folder / name)['meta']['iter'] == done
    assert_equal(newest(project.train(name, resume=True, **LONG)), newest(whole))


def test_a_signal_to_the_whole_group_and_no_process_is_left(project, whole):
    """As Ctrl-C and timeout send it: torch raises where the training is when a loader's process dies."""
    context = multiprocessing.get_context('fork')
    told = context.Event()

    def run():
        os.setpgid(0, 0)
        options = dict(train_dataloader=dict(num_workers=2), val_dataloader=dict(num_workers=1), **LONG)
        project.train('group', custom_hooks=waiting('before_train_iter', 3, told), **options)

    process = context.Process(target=run)
    process.start()
    assert told.wait(120)
    children = children_of(process.pid)
    assert len(children) >= 2
    os.killpg(process.pid, signal.SIGTERM)
    process.join(120)
    assert process.exitcode == 143
    assert newest(project.folder / 'group')['meta']['iter'] == 4
    assert not any(is_alive(child) for child in children)


def test_processes_that_load_data_die_with_a_killed_training(project):
    context = multiprocessing.get_context('fork')
    told = context.Event()
    process = context.Process(
        target=lambda: project.train(
            'orphans',
            custom_hooks=waiting('before_train_iter', 1, told),
            train_dataloader=dict(num_workers=2),
            **LONG,
        )
    )
    process.start()
    assert told.wait(120)
    children = children_of(process.pid)
    assert len(children) == 2
    process.kill()
    process.join(60)
    deadline = time.monotonic() + 30
    while any(is_alive(child) for child in children) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(is_alive(child) for child in children)


def test_nohup_stays(project):
    def ignore():
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    assert signalled(project, 'nohup', signal.SIGHUP, before=ignore) == 0
    assert newest(project.folder / 'nohup')['meta']['iter'] == 6


def test_signals_are_given_back(project):
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)]
    project.train('given back', kill=('after_run', 1), **LONG)
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)] == before


def children_of(pid):
    """Processes that a process has started."""
    with open(f'/proc/{pid}/task/{pid}/children', encoding='utf-8') as file:
        return [int(child) for child in file.read().split()]


def is_alive(pid):
    """Whether it runs: one that ended may wait for its parent to notice."""
    try:
        with open(f'/proc/{pid}/stat', encoding='utf-8') as file:
            return file.read().rsplit(')', 1)[1].split()[0] != 'Z'
    except FileNotFoundError:
        return False
