"""A training in pieces against one in a single go."""

from __future__ import annotations

import copy
import json
import os
import signal

import pytest
import torch
from mmengine.config import Config

from mmseg_liteseg.engine.failures import RunEndedError
from mmseg_liteseg.engine.folder_lock import FolderInUseError
from mmseg_liteseg.engine.history_hook import read_history
from mmseg_liteseg.engine.stop_hook import StopHook
from mmseg_liteseg.study.config import Job
from mmseg_liteseg.study.errors import StudyError
from mmseg_liteseg.study.train import _train_piece, train
from tests.engine.test_folder_lock import held_by_another_process

from .conftest import make_thin

JOB = Job('T', 'tiny', seed=3)
pytestmark = pytest.mark.usefixtures('thin')


class Killed(BaseException):
    """Stands for SIGKILL: nothing of ours catches it."""


def state(runs, pattern='iter_*.pth'):
    (path,) = JOB.folder(runs).glob(pattern)
    return torch.load(path, map_location='cpu', weights_only=True)


def without_times(runs):
    return [
        {key: value for key, value in line.items() if 'seconds' not in key}
        for line in read_history(JOB.folder(runs) / 'history.jsonl')
    ]


def assert_same(runs, whole):
    for name in ('iter_*.pth', 'best_*.pth'):
        ours, theirs = state(runs, name), state(whole, name)
        assert ours['meta']['iter'] == theirs['meta']['iter']
        for key, value in theirs['state_dict'].items():
            torch.testing.assert_close(ours['state_dict'][key], value, rtol=0, atol=0)
    ours, theirs = (state(folder)['optimizer']['state'] for folder in (runs, whole))
    assert theirs
    torch.testing.assert_close(ours, theirs, rtol=0, atol=0)  # steps and both averages of each weight
    assert without_times(runs) == without_times(whole)


@pytest.fixture(scope='module')
def whole(tmp_path_factory, camvid):
    """One training that nothing interrupts, made once."""
    with pytest.MonkeyPatch.context() as patch:
        make_thin(patch)
        runs = tmp_path_factory.mktemp('whole')
        assert train(JOB, str(runs), str(camvid)) == (6, 6)
    return runs


def after_steps(monkeypatch, count, action):
    """Does something after so many iterations of this process, before the hook that may stop it looks."""
    original, seen = StopHook.after_train_iter, []

    def step(hook, runner, *args, **kwargs):
        seen.append(runner.iter)
        if len(seen) == count:
            action(hook, runner)
        original(hook, runner, *args, **kwargs)

    monkeypatch.setattr(StopHook, 'after_train_iter', step)


def test_history_holds_every_line_once(whole):
    lines = without_times(whole)
    assert [(line['iter'], 'iou' in line) for line in lines] == [(i, kind) for i in (2, 4, 6) for kind in (False, True)]
    assert len(lines[1]['iou']) == 11
    rates = [line['lr'] for line in lines if 'lr' in line]
    assert rates[0] == pytest.approx(0.001)
    assert rates[-1] == pytest.approx(0.001 * (1 - 4 / 5) ** 0.9)


def test_stopped_by_a_signal_and_resumed(whole, camvid, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        after_steps(patch, 3, lambda hook, runner: os.kill(os.getpid(), signal.SIGTERM))
        with pytest.raises(SystemExit) as stopped:
            train(JOB, str(tmp_path), str(camvid))
    assert stopped.value.code == 143
    assert state(tmp_path, 'resume.pth')['meta']['iter'] == 3
    assert train(JOB, str(tmp_path), str(camvid)) == (6, 6)
    assert_same(tmp_path, whole)
    pieces = json.loads((JOB.folder(tmp_path) / 'run.json').read_text())['pieces']
    assert [(piece['start'], piece['end']) for piece in pieces] == [(0, 3), (3, 6)]


def test_time_is_over(camvid, tmp_path, monkeypatch):
    after_steps(monkeypatch, 1, lambda hook, runner: setattr(hook, '_deadline', 0.0))
    assert train(JOB, str(tmp_path), str(camvid), seconds=1000) == (1, 6)
    assert state(tmp_path, 'resume.pth')['meta']['iter'] == 1


def test_killed_in_a_validation(whole, camvid, tmp_path, monkeypatch):
    def kill(loop):
        raise Killed

    with monkeypatch.context() as patch:
        after_steps(patch, 4, lambda hook, runner: patch.setattr(type(runner.val_loop), 'run', kill))
        with pytest.raises(Killed):
            train(JOB, str(tmp_path), str(camvid))
    assert train(JOB, str(tmp_path), str(camvid)) == (6, 6)
    assert_same(tmp_path, whole)


def test_a_finished_training_is_left_alone(whole, camvid, monkeypatch):
    monkeypatch.setattr('mmengine.runner.Runner.train', lambda runner: pytest.fail('trained again'))
    assert train(JOB, str(whole), str(camvid)) == (6, 6)


def test_another_recipe_is_refused(whole, camvid, monkeypatch):
    from mmseg_liteseg.study import budget

    other = budget.Budget('tiny', iters=6, batch=3, crop=(32, 64), validations=3, workers=0)
    monkeypatch.setitem(budget.BUDGETS, 'tiny', other)
    with pytest.raises(StudyError, match=r'another recipe: data\.batch_size was 2, is 3\. Name another --runs'):
        train(JOB, str(whole), str(camvid))


def test_a_state_without_a_record_is_refused(camvid, tmp_path):
    JOB.folder(tmp_path).mkdir(parents=True)
    (JOB.folder(tmp_path) / 'last_checkpoint').touch()
    with pytest.raises(StudyError, match=r'a last_checkpoint, but no run\.json'):
        train(JOB, str(tmp_path), str(camvid))


def test_missing_data_is_named(tmp_path):
    with pytest.raises(StudyError, match=r'nowhere/img_dir/train: no such folder. Convert CamVid first'):
        train(JOB, str(tmp_path), 'nowhere')


def test_two_processes_do_not_share_a_folder(camvid, tmp_path):
    with held_by_another_process(JOB.folder(tmp_path)), pytest.raises(FolderInUseError, match='is training there'):
        train(JOB, str(tmp_path), str(camvid))


def test_amp_needs_a_machine_that_has_it(camvid, tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    monkeypatch.setattr('mmseg_liteseg.study.train.multiplies_bfloat16', lambda: False)
    with pytest.raises(StudyError, match='--amp needs a CUDA GPU'):
        train(Job('T', 'tiny', amp=True), str(tmp_path), str(camvid))


def test_a_start_from_weights(whole, camvid, tmp_path, monkeypatch):
    (weights,) = JOB.folder(whole).glob('iter_*.pth')
    job = Job('T', 'tiny', start=str(weights))
    seen = {}

    def look(hook, runner, *args, **kwargs):
        seen.update(iter=runner.iter, weights=copy.deepcopy(runner.model.state_dict()))

    monkeypatch.setattr(StopHook, 'before_train', look)
    assert train(job, str(tmp_path), str(camvid)) == (6, 6)
    assert seen['iter'] == 0
    torch.testing.assert_close(seen['weights'], state(whole)['state_dict'], rtol=0, atol=0)
    with pytest.raises(StudyError, match=r'^--start nowhere\.pth: no such file$'):
        train(Job('T', 'tiny', start='nowhere.pth'), str(tmp_path / 'other'), str(camvid))


def test_what_a_model_needs_is_asked_for(camvid, tmp_path):
    for name, option in (('T-drawn', '--start'), ('T-distilled', '--teacher')):
        with pytest.raises(StudyError, match=f'^{name} needs {option} FILE: '):
            train(Job(name, 'tiny'), str(tmp_path), str(camvid))
    assert list(tmp_path.iterdir()) == []


def test_what_ends_a_piece_is_told(tmp_path, monkeypatch):
    class Runner:
        work_dir, hooks = str(tmp_path), ()

        def train(self):
            raise RuntimeError('DataLoader worker (pid 5) is killed by signal: Killed.')

    monkeypatch.setattr('mmseg_liteseg.study.train.build_runner', lambda cfg, notes: Runner())
    with pytest.raises(RunEndedError, match='num_workers lower'):
        _train_piece(Config(), {}, tmp_path)
