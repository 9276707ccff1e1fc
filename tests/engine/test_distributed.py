"""Two processes on the CPU, forked: they start at once."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import socket
import time

import pytest
import torch

from mmseg_liteseg.engine.failures import RunEndedError
from mmseg_liteseg.engine.launch import build_runner
from tests.helpers import forget_runs

from .conftest import assert_equal, newest
from .test_checkpoint_hook import calling

pytestmark = [
    pytest.mark.skipif(not hasattr(os, 'fork'), reason='needs fork'),
    pytest.mark.skipif(torch.cuda.is_available(), reason='the processes are those of a CPU'),
]
LOST = 7
VISUALIZED = dict(vis_backends=[dict(type='LocalVisBackend')])


def free_port():
    with socket.socket() as server:
        server.bind(('127.0.0.1', 0))
        return server.getsockname()[1]


class Pair:
    """Trainings of two processes."""

    def __init__(self, project, name, where='before_train_iter', iteration=3, timeout=60, hooks=(), **options):
        context = multiprocessing.get_context('fork')
        self.reached = [context.Event() for _ in range(2)]
        self.go = context.Value('b', 0)  # an event would wait for processes that are stopped
        port = free_port()

        def run(rank):
            torch.set_num_threads(1)
            place = dict(RANK=rank, LOCAL_RANK=rank, WORLD_SIZE=2, MASTER_ADDR='127.0.0.1', MASTER_PORT=port)
            os.environ.update({key: str(value) for key, value in place.items()})

            def wait(runner, *args, **kwargs):
                if runner.iter == iteration:
                    self.reached[rank].set()
                    deadline = time.monotonic() + 60
                    while not self.go.value and time.monotonic() < deadline:
                        time.sleep(0.02)

            try:
                project.train(
                    name,
                    launcher='pytorch',
                    custom_hooks=[*calling(where, wait), *hooks],
                    env_cfg=dict(dist_cfg=dict(timeout=timeout)),
                    **options,
                )
            except RunEndedError as error:
                (project.folder / f'{name}.txt').write_text(str(error))
                os._exit(LOST)

        self.processes = [context.Process(target=run, args=(rank,)) for rank in range(2)]
        for process in self.processes:
            process.start()

    def wait_there(self):
        assert all(event.wait(120) for event in self.reached)

    def codes(self):
        for process in self.processes:
            process.join(120)
        return [process.exitcode for process in self.processes]


@pytest.fixture(scope='module')
def whole(project):
    pair = Pair(project, 'pair whole', iteration=-1)
    assert pair.codes() == [0, 0]
    return project.folder / 'pair whole'


def test_both_killed_and_resumed(project, whole):
    pair = Pair(project, 'pair killed')
    pair.wait_there()
    for process in pair.processes:
        process.kill()
    assert pair.codes() == [-9, -9]
    assert Pair(project, 'pair killed', iteration=-1, resume=True).codes() == [0, 0]
    assert_equal(newest(project.folder / 'pair killed'), newest(whole))
    ours, theirs = (newest(folder)['message_hub']['runtime_info'] for folder in (project.folder / 'pair killed', whole))
    assert ours['best_score'] == theirs['best_score']


def test_a_signal_to_one_stops_both_at_one_iteration(project, whole):
    pair = Pair(project, 'pair stopped')
    pair.wait_there()
    os.kill(pair.processes[1].pid, signal.SIGTERM)
    pair.go.value = 1
    assert pair.codes() == [143, 143]
    assert newest(project.folder / 'pair stopped')['meta']['iter'] in (4, 5)
    assert Pair(project, 'pair stopped', iteration=-1, resume=True).codes() == [0, 0]
    assert_equal(newest(project.folder / 'pair stopped'), newest(whole))


@pytest.mark.parametrize('number', [signal.SIGSTOP, signal.SIGKILL])
def test_a_process_that_hangs_or_dies_ends_the_job_with_a_word(project, number):
    name = f'pair {number}'
    pair = Pair(project, name, timeout=3)
    pair.wait_there()
    os.kill(pair.processes[1].pid, number)
    start = time.monotonic()
    pair.go.value = 1
    pair.processes[0].join(120)
    pair.processes[1].kill()
    assert pair.processes[0].exitcode == LOST
    assert time.monotonic() - start < 100  # gloo alone would wait for half an hour
    text = (project.folder / f'{name}.txt').read_text()
    assert 'another process of this training ended or did not answer for 3 seconds' in text
    assert 'Start again with --resume' in text


LOSSES = [
    dict(type='CrossEntropyLoss', loss_weight=1.0),
    *(dict(type=f'mmseg_liteseg.{name}Loss') for name in ('Dice', 'Lovasz', 'BoundaryCrossEntropy')),
]


def test_a_rank_without_valid_pixels_and_an_odd_number_of_val_samples(project):
    """All losses stay finite, nobody waits for ever, and two processes measure what one does."""

    def ignore_all(runner, batch_idx, data_batch):
        if torch.distributed.get_rank() == 1 and runner.iter in (1, 2):
            for sample in data_batch['data_samples']:
                sample.gt_sem_seg.data[:] = 255

    sampler = dict(_delete_=True, type='mmseg_liteseg.OHEMPixelSampler', thresh=0.7, min_kept=100)
    options = {'model.decode_head.loss_decode': LOSSES, 'model.decode_head.sampler': sampler}
    options['val_dataloader.dataset.indices'] = 3
    name = 'pair odd'
    hooks = calling('before_train_iter', ignore_all)
    pair = Pair(project, name, iteration=-1, timeout=60, hooks=hooks, visualizer=VISUALIZED, **options)
    assert pair.codes() == [0, 0]
    folder = project.folder / name
    runtime = newest(folder)['message_hub']['runtime_info']
    assert not runtime.get('skipped_steps')
    assert all(value.isfinite().all() for value in newest(folder)['state_dict'].values())
    lines = [json.loads(line) for path in folder.glob('*/vis_data/scalars.json') for line in path.open()]
    measured = [line['mIoU'] for line in lines if 'mIoU' in line]
    cfg = project.config_of('alone', **options)
    cfg.load_from = str(folder / 'iter_6.pth')
    forget_runs()
    assert build_runner(cfg).val()['mIoU'] == pytest.approx(measured[-1], abs=1e-4)
