"""Whole runs of a tiny model."""

from __future__ import annotations

import itertools
import time
from functools import partial

import pytest
import torch

from mmseg_liteseg.benchmark import session as module
from mmseg_liteseg.benchmark.case import Case
from mmseg_liteseg.benchmark.clock import CLOCKS, Plan
from mmseg_liteseg.benchmark.errors import BenchmarkError
from mmseg_liteseg.benchmark.results import Ratio
from mmseg_liteseg.benchmark.session import Session, save

PLAN = Plan(rounds=2, runs=1, warmup=1, pause=0)


@pytest.fixture(autouse=True)
def _keep_logging(monkeypatch):
    monkeypatch.setattr(module, 'quiet', lambda: None)


def make_session(plan=PLAN, **kwargs):
    return Session(plan=plan, image_size=(48, 80), progress=lambda text: None, **kwargs)


def test_run_and_save(tiny, tiny_stock, tmp_path):
    cases = [
        Case(tiny, 'labels'),
        Case(tiny_stock, 'image'),
        Case(tiny, 'train', batch=2),
        Case(tiny_stock, 'train', batch=2),
        Case(tiny, 'labels', 'paddle'),
    ]
    ratios = [Ratio('step', cases[2].key, cases[3].key), Ratio('memory', cases[2].key, cases[3].key, of='memory')]
    results = make_session().run(cases, ratios, 'python tools/benchmark.py')
    lines = {line['key']: line for line in results['lines']}
    assert [len(line.get('round_medians_ms', [])) for line in lines.values()] == [2, 2, 2, 2, 0]
    assert all(value > 0 for case in cases[:4] for value in lines[case.key]['round_medians_ms'])
    assert 0 <= lines[cases[0].key]['about']['borders'] <= 1
    assert lines[cases[2].key]['peak_bytes'] > 10000
    assert 'peak_bytes' not in lines[cases[0].key]
    assert 'paddle' in lines[cases[4].key]['failure']
    assert [entry['title'] for entry in results['ratios']] == ['step', 'memory']
    written = save(results, tmp_path / 'out' / 'a')
    assert [path.name for path in written] == ['a.json', 'a.md']
    assert all(path.stat().st_size for path in written)


def test_what_there_is_no_time_to_prepare_is_left_out(tiny, monkeypatch):
    ticks = iter([0.0, 20.0, 40.0])  # the start, and before each case
    monkeypatch.setattr(module.time, 'monotonic', lambda: next(ticks, 41.0))
    results = make_session(minutes=1).run([Case(tiny, 'network'), Case(tiny, 'network', batch=3)], [], '')
    assert [line.get('failure') for line in results['lines']] == [None, 'no time left of 1 min to prepare it']
    assert results['lines'][0]['round_medians_ms']


def test_one_model_that_fails_costs_nobody_else(tiny, monkeypatch):
    make = module.torch_tasks.make_run

    def make_run(case, model, image_size):
        if case.batch == 3:
            raise IndexError('no such thing\nand more')
        return make(case, model, image_size)

    monkeypatch.setattr(module.torch_tasks, 'make_run', make_run)
    results = make_session().run([Case(tiny, 'network'), Case(tiny, 'network', batch=3)], [], '')
    assert [line.get('failure') for line in results['lines']] == [None, 'IndexError: no such thing']


def test_nothing_left(tiny):
    with pytest.raises(BenchmarkError, match='nothing to measure: name a Python with Paddle'):
        make_session().run([Case(tiny, 'labels', 'paddle')], [], '')


@pytest.mark.skipif(torch.cuda.is_available(), reason='there is a GPU')
def test_no_gpu(tiny):
    with pytest.raises(BenchmarkError, match=r'^nothing to measure: torch sees no CUDA GPU here$'):
        make_session().run([Case(tiny, task, device='cuda') for task in ('network', 'labels')], [], '')


def test_the_clock_of_choice(tiny, monkeypatch):
    assert dict(wall=time.perf_counter, cpu=time.process_time) == CLOCKS
    ticks = dict(wall=itertools.count(0, 0.5), cpu=itertools.count(0, 0.25))
    monkeypatch.setattr(module, 'CLOCKS', {name: partial(next, values) for name, values in ticks.items()})
    for clock, ms, words in (
        ('wall', 500, 'wall-clock time (time.perf_counter)'),
        ('cpu', 250, 'the CPU time of one thread (time.process_time)'),
    ):
        results = make_session(Plan(1, 1, 1, 0, clock)).run([Case(tiny, 'network')], [], '')
        assert results['lines'][0]['round_medians_ms'] == [ms]
        assert results['method'][0].startswith(f'Durations are {words}, ')


def test_cpu_time_of_others_is_not_seen(tiny):
    session = make_session(Plan(clock='cpu'), threads=2)
    with pytest.raises(BenchmarkError, match=r'--clock cpu: expected one thread .*, found 2 threads; set --threads 1'):
        session.run([Case(tiny, 'network')], [], '')
    with pytest.raises(BenchmarkError, match=r'--clock cpu: .*paddle fp32 b1 cpu, which works elsewhere'):
        make_session(Plan(clock='cpu')).run([Case(tiny, 'labels', 'paddle')], [], '')
