"""Whole trainings in pieces: tests/study/test_train.py."""

from __future__ import annotations

import os
from types import SimpleNamespace

import pytest
from torch.utils.data import DataLoader

from mmseg_liteseg.engine.piece_loop import PieceLoop, _leave_group


def test_other_samplers_are_refused():
    with pytest.raises(TypeError, match=r'expected a mmseg_liteseg\.StreamSampler, got SequentialSampler'):
        PieceLoop(SimpleNamespace(), DataLoader([1, 2]), max_iters=2, val_interval=1)


@pytest.mark.skipif(not hasattr(os, 'fork'), reason='needs fork')
def test_workers_leave_the_group():
    read, write = os.pipe()
    child = os.fork()
    if not child:
        _leave_group(lambda worker: os.write(write, f'{worker} {os.getpgid(0) == os.getpid()}'.encode()), 3)
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(read, 100) == b'3 True'
