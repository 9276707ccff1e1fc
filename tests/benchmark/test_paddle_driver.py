"""The driver of the subprocess, with a stand-in for Paddle; and the parts of the worker that need none."""

from __future__ import annotations

import ast
import sys

import pytest

from mmseg_liteseg.benchmark import paddle_driver, paddle_worker
from mmseg_liteseg.benchmark.case import Case, Model
from mmseg_liteseg.benchmark.errors import BenchmarkError

WORKER = """
import json, sys
spec = json.loads(sys.argv[1])
print('Paddle says hello')
if spec['arch'] == 'stdc2':
    print(json.dumps({'error': 'ImportError: no module named paddle'}), flush=True)
    sys.exit(1)
if spec['task'] == 'logits':
    sys.exit(3)
print(json.dumps({'paddle': '2.6.2'}), flush=True)
for line in sys.stdin:
    print(json.dumps([spec['threads'] + i for i in range(int(line))]), flush=True)
"""


@pytest.fixture
def start(tmp_path, monkeypatch):
    worker = tmp_path / 'worker.py'
    worker.write_text(WORKER)
    monkeypatch.setattr(paddle_driver, 'WORKER', worker)

    def start(label='PP-LiteSeg-T', task='labels', python=sys.executable):
        case = Case(Model(label, tmp_path / 'x.py', (512, 1024)), task, 'paddle')
        return paddle_driver.PaddleTimer(case, python, str(tmp_path), threads=2)

    return start


def test_durations_come_from_the_process(start):
    with start() as timer:
        assert timer.about == {'paddle': '2.6.2'}
        assert timer(3) == [2, 3, 4]
        assert timer(1) == [2]
    assert timer.process.returncode == 0


def test_error_of_the_process(start):
    with pytest.raises(BenchmarkError, match='ImportError: no module named paddle'):
        start(label='PP-LiteSeg-B')


def test_a_process_that_just_ends(start):
    with pytest.raises(BenchmarkError, match=r'without an answer \(code 3\)'):
        start(task='network')


def test_paths_are_looked_at(start):
    with pytest.raises(BenchmarkError, match='a Python with Paddle'):
        start(python='nowhere/python')


def test_worker_serves():
    answers, runs = [], []
    paddle_worker.serve(lambda: runs.append(1), ['2\n', '1\n'], answers.append)
    assert [len(answer) for answer in answers] == [2, 1]
    assert len(runs) == 3
    assert all(duration >= 0 for answer in answers for duration in answer)


def test_worker_wants_a_checkout(tmp_path):
    with pytest.raises(SystemExit, match='expected a checkout of PaddleSeg'):
        paddle_worker.import_model(str(tmp_path))


def test_worker_imports_nothing_of_ours():
    tree = ast.parse(paddle_driver.WORKER.read_text())
    names = {
        alias.name if isinstance(node, ast.Import) else node.module
        for node in ast.walk(tree)
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    }
    assert not [name for name in names if name.startswith(('mm', 'torch', '.'))]
