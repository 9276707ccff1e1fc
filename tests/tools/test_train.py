from __future__ import annotations

import json
import os
import socket
import subprocess
import sys

import pytest
import torch
from mmengine.config import Config

from mmseg_liteseg.engine import training_options
from tests.helpers import REPO
from tests.tools.conftest import assert_quiet, run_alone
from tools.train import main


def scalars(work_dir):
    """All logged values of a work folder, of one run after the other (two of the same second share one file)."""
    files = sorted(work_dir.glob('*/vis_data/scalars.json'))
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]


def test_standard_outputs(trained):
    _, work_dir = trained
    assert (work_dir / 'iter_2.pth').is_file()
    assert list(work_dir.glob('best_mIoU_iter_*.pth'))
    assert (work_dir / 'last_checkpoint').is_file()
    assert list(work_dir.glob('*/*.log'))
    lines = scalars(work_dir)
    assert [line['iter'] for line in lines if 'loss' in line] == [1, 2]
    assert {'decode.loss_ce', 'decode.aux_0.loss_ce', 'lr', 'mIoU'} <= {key for line in lines for key in line}


def test_the_screen_shows_progress_and_the_log_all(tiny_config, tmp_path, capsys):
    run_alone(main, [tiny_config, '--work-dir', tmp_path / 'work'])
    assert_quiet(
        capsys.readouterr(), 'Iter(train) [2/2]', 'loss: ', 'per class results', 'mIoU: ', 'Checkpoints will be saved'
    )
    text = next((tmp_path / 'work').glob('*/*.log')).read_text()
    for kept in ('System environment', 'Hooks will be executed', 'optim_wrapper', 'Iter(train) [2/2]', 'mIoU: '):
        assert kept in text


def test_class_weights_by_formula(tiny_config, tmp_path):
    """Numbers from the training data reach the loss, the log and the config that is left behind."""
    options = ['train_cfg.max_iters=1', 'model.decode_head.loss_decode.class_weight=sqrt']
    run_alone(main, [tiny_config, '--work-dir', tmp_path / 'work', '--cfg-options', *options])
    record = json.loads((tmp_path / 'work/class_weights.json').read_text())
    (computed,) = record['computed']
    assert computed['formula']['type'] == 'sqrt'
    left = Config.fromfile(tmp_path / f'work/{tiny_config.name}')
    assert left.model.decode_head.loss_decode.class_weight == computed['weights']
    text = next((tmp_path / 'work').glob('*/*.log')).read_text()
    assert 'class_weight sqrt: shares of the training pixels in percent [' in text


def test_log_level_debug_shows_all(tiny_config, tmp_path, capsys):
    options = ['--cfg-options', 'train_cfg.max_iters=1', 'log_level=DEBUG']
    run_alone(main, [tiny_config, '--work-dir', tmp_path / 'work', *options])
    assert 'System environment' in capsys.readouterr().out


def test_sync_bn_became_bn_and_the_log_says_so(trained):
    _, work_dir = trained
    text = next(work_dir.glob('*/*.log')).read_text()
    assert 'SyncBN became BN in 3 places' in text


def test_resume_goes_on_from_the_last_checkpoint(tiny_config, tmp_path):
    work_dir = tmp_path / 'work'
    run_alone(main, [tiny_config, '--work-dir', work_dir, '--cfg-options', 'train_cfg.max_iters=1'])
    before = torch.load(work_dir / 'iter_1.pth', weights_only=False)
    run_alone(main, [tiny_config, '--work-dir', work_dir, '--resume'])
    after = torch.load(work_dir / 'iter_2.pth', weights_only=False)
    assert [line['iter'] for line in scalars(work_dir) if 'loss' in line] == [1, 2]
    assert (before['meta']['iter'], after['meta']['iter']) == (1, 2)
    key = 'decode_head.conv_seg.weight'
    assert (after['state_dict'][key] - before['state_dict'][key]).abs().max() < 0.1


def test_tensorboard_gets_the_curves_too(tiny_config, tmp_path):
    pytest.importorskip('tensorboard')
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    options = ['--cfg-options', 'train_cfg.max_iters=1', '--tensorboard']
    run_alone(main, [tiny_config, '--work-dir', tmp_path / 'work', *options])
    events = EventAccumulator(str(next((tmp_path / 'work').glob('*/vis_data'))))
    events.Reload()
    assert [event.step for event in events.Scalars('loss')] == [1]
    assert scalars(tmp_path / 'work')


def test_work_dir_defaults_to_the_name_of_the_config(tiny_config, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run_alone(main, [tiny_config, '--cfg-options', 'train_cfg.max_iters=1'])
    assert (tmp_path / 'work_dirs/tiny/iter_1.pth').is_file()


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['nowhere.py'], 'config nowhere.py: no such file'),
        (['CONFIG', '--launcher', 'pytorch'], 'RANK, WORLD_SIZE not set'),
        (['CONFIG', '--launcher', 'slurm'], 'SLURM_PROCID'),
    ],
)
def test_bad_command_lines_name_what_is_wrong(tiny_config, tmp_path, monkeypatch, capsys, arguments, message):
    for name in ('RANK', 'WORLD_SIZE', 'SLURM_PROCID'):
        monkeypatch.delenv(name, raising=False)
    arguments = [tiny_config if argument == 'CONFIG' else argument for argument in arguments]
    with pytest.raises(SystemExit):
        run_alone(main, [*arguments, '--work-dir', tmp_path])
    assert message in capsys.readouterr().err


@pytest.mark.skipif(torch.cuda.is_available(), reason='needs a machine without a GPU')
def test_amp_without_gpu_says_so(tiny_config, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(training_options, 'multiplies_bfloat16', lambda: False)
    with pytest.raises(SystemExit):
        run_alone(main, [tiny_config, '--work-dir', tmp_path, '--amp'])
    assert '--amp with optim_wrapper.type OptimWrapper needs a GPU' in capsys.readouterr().err


@pytest.mark.skipif(torch.cuda.is_available(), reason='needs a machine without a GPU')
def test_amp_on_a_cpu(tiny_config, tmp_path, monkeypatch):
    monkeypatch.setattr(training_options, 'multiplies_bfloat16', lambda: True)  # others can, only slower
    run_alone(main, [tiny_config, '--work-dir', tmp_path, '--amp'])
    last = max(tmp_path.glob('iter_*.pth'))
    weights = torch.load(last, map_location='cpu', weights_only=True)['state_dict']
    assert {value.dtype for value in weights.values() if value.is_floating_point()} == {torch.float32}


@pytest.mark.skipif(torch.cuda.is_available(), reason='the command is the same, the log lines are of the CPU')
def test_two_processes_train_on_the_cpu(tiny_config, tmp_path):
    command = ['bash', str(REPO / 'tools/dist_train.sh'), str(tiny_config), '2', '--work-dir', str(tmp_path / 'a b')]
    command += ['--cfg-options', 'default_hooks.checkpoint.interval=2']
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        port = probe.getsockname()[1]  # of several runs on one machine each needs its own
    environment = {'PYTHON': sys.executable, 'PORT': str(port), 'CUDA_VISIBLE_DEVICES': '-1'}
    done = subprocess.run(
        command, env={**os.environ, **environment}, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    text = done.stdout.decode()
    assert done.returncode == 0, text
    assert '2 processes share the work on the CPU, connected by gloo' in text
    assert 'Iter(val) [2/2]' in text  # four images shared by two processes
    assert (tmp_path / 'a b/iter_2.pth').is_file()


def test_the_config_that_a_training_leaves_behind_trains_again(trained, tmp_path):
    run_alone(main, [trained[1] / 'tiny.py', '--work-dir', tmp_path, '--cfg-options', 'train_cfg.max_iters=1'])
    assert (tmp_path / 'iter_1.pth').is_file()


@pytest.mark.parametrize('resumable', [True, False])
def test_resume_prefers_the_work_folder_to_load_from(tiny_config, trained, tmp_path, resumable):
    weights = trained[1] / 'iter_2.pth'
    tiny_config.write_text(f'{tiny_config.read_text()}\nload_from = {str(weights)!r}\n')
    options = ['--work-dir', tmp_path, '--resume', '--cfg-options', 'train_cfg.max_iters=4']
    if resumable:
        run_alone(main, [tiny_config, '--work-dir', tmp_path, '--cfg-options', 'train_cfg.max_iters=1'])
    run_alone(main, [tiny_config, *options])
    log = ''.join(path.read_text() for path in tmp_path.glob('*/*.log'))
    first = 'resumed epoch: 0, iter: 1' if resumable else f'starting from {weights}'
    assert first in log
    assert (tmp_path / 'iter_4.pth').is_file()


def test_resume_from_a_state_that_the_command_line_names(tiny_config, trained, tmp_path):
    options = [f'load_from={trained[1] / "iter_2.pth"}', 'train_cfg.max_iters=3']
    run_alone(main, [tiny_config, '--work-dir', tmp_path, '--resume', '--cfg-options', *options])
    assert 'resumed epoch: 0, iter: 2' in next(tmp_path.glob('*/*.log')).read_text()
    assert (tmp_path / 'iter_3.pth').is_file()


def test_two_deterministic_runs_are_equal(tiny_config, tmp_path):
    for name in ('a', 'b'):
        options = ['train_cfg.max_iters=2', 'randomness.seed=None', 'model.decode_head.dropout_ratio=0.3']
        run_alone(main, [tiny_config, '--work-dir', tmp_path / name, '--deterministic', '--cfg-options', *options])
        assert torch.are_deterministic_algorithms_enabled()
        torch.use_deterministic_algorithms(False)
    a, b = (torch.load(tmp_path / name / 'iter_2.pth', weights_only=True)['state_dict'] for name in ('a', 'b'))
    assert all(torch.equal(a[key], b[key]) for key in a)


def test_a_broken_file_is_skipped_told_and_counted(tiny_config, tmp_path, capsys):
    broken = tiny_config.parent / 'images/town/1.png'
    broken.write_bytes(broken.read_bytes()[:100])
    arguments = [tiny_config, '--work-dir', tmp_path, '--skip-data-check', '--cfg-options', 'train_cfg.max_iters=3']
    with pytest.raises(SystemExit):
        run_alone(main, arguments)
    assert str(broken) in capsys.readouterr().err.splitlines()[-1]
    arguments.remove('--skip-data-check')
    run_alone(main, [*arguments, 'on_error=skip', 'train_cfg.val_interval=9', 'val_cfg=None', 'val_dataloader=None',
                     'val_evaluator=None'])  # fmt: skip
    log = ''.join(path.read_text() for path in tmp_path.glob('*/*.log'))
    assert log.count('Skipped (1 so far), the next one takes its place: sample 1') == 1
    assert str(broken) in log
