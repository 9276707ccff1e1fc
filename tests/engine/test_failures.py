from __future__ import annotations

import multiprocessing
import os
import signal

import pytest
import torch

from mmseg_liteseg.errors import LiteSegError

from .conftest import newest
from .test_checkpoint_hook import calling


def test_a_process_that_loads_data_and_is_killed_is_told_in_one_line(project):
    def kill(runner, *args, **kwargs):
        if runner.iter == 3:
            for process in multiprocessing.active_children():
                os.kill(process.pid, signal.SIGKILL)
                process.join()

    options = dict(custom_hooks=calling('before_train_iter', kill), train_dataloader=dict(num_workers=1))
    with pytest.raises(LiteSegError) as caught:  # of the runner or of the tool, whichever is around it
        project.train('worker killed', **options)
    text = str(caught.value)
    assert text.startswith('DataLoader worker (pid')
    assert 'set train_dataloader.num_workers or val_dataloader.num_workers lower' in text
    assert '\n' not in text
    assert newest(project.folder / 'worker killed')['meta']['iter'] < 6
    assert newest(project.train('worker killed', resume=True))['meta']['iter'] == 6


def test_a_batch_without_statistics_is_told_in_one_line(project):
    def fail(runner, *args, **kwargs):
        torch.nn.BatchNorm2d(4)(torch.zeros(1, 4, 1, 1))

    with pytest.raises(LiteSegError, match=r'a batch of one image gave one: set train_dataloader\.drop_last=True'):
        project.train('one image', custom_hooks=calling('before_train_iter', fail))
