from __future__ import annotations

import multiprocessing
import os
import time

import pytest

from mmseg_liteseg.endurance.moments import MOMENTS, MomentHook, Moments

pytestmark = pytest.mark.skipif(not hasattr(os, 'fork'), reason='needs fork')


def test_visits_and_their_time():
    moments = Moments(multiprocessing.get_context('fork'))
    assert (moments.now, moments.visits('starting')) == ('starting', 1)
    moments.enter('saving')
    time.sleep(0.02)
    moments.enter('saving')  # it goes on
    moments.enter('loading')
    assert (moments.visits('saving'), moments.now) == (1, 'loading')
    assert moments.seconds('saving') >= 0.02
    assert moments.seconds('validation') == 0


def test_another_process_is_seen():
    context = multiprocessing.get_context('fork')
    moments = Moments(context)
    process = context.Process(target=moments.enter, args=('validation',))
    process.start()
    process.join()
    assert moments.now == 'validation'


def test_the_hook_names_every_moment(monkeypatch):
    monkeypatch.setattr(MomentHook, 'shared', Moments(multiprocessing.get_context('fork')), raising=False)
    hook, seen = MomentHook(), []
    for event in ('before_train_iter', 'after_train_iter', 'before_save_checkpoint', 'before_val'):
        getattr(hook, event)(None)
        seen.append(hook.shared.now)
    assert sorted(seen) == sorted(MOMENTS[1:])
