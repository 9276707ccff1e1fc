from __future__ import annotations

import argparse

import pytest
from mmengine.config import Config

from mmseg_liteseg.engine import launch


def amp_config(kind):
    return Config(dict(optim_wrapper=dict(type=kind, optimizer=dict(type='SGD', lr=0.1))))


def test_amp_switches_the_wrapper_and_keeps_the_optimizer(monkeypatch):
    monkeypatch.setattr(launch, 'is_cuda_available', lambda: True)
    cfg = amp_config('OptimWrapper')
    launch.enable_amp(cfg)
    assert cfg.optim_wrapper == dict(type='AmpOptimWrapper', loss_scale='dynamic', optimizer=dict(type='SGD', lr=0.1))
    with pytest.raises(launch.LaunchError, match=r'optim_wrapper\.type is ApexOptimWrapper'):
        launch.enable_amp(amp_config('ApexOptimWrapper'))


CPUS = [(True, 'OptimWrapper'), (False, 'OptimWrapper'), (True, 'AmpOptimWrapper')]


@pytest.mark.parametrize(('bfloat16', 'kind'), CPUS)
def test_amp_without_a_gpu(bfloat16, kind, monkeypatch):
    for name in ('is_cuda_available', 'is_npu_available', 'is_mlu_available'):
        monkeypatch.setattr(launch, name, lambda: False)
    monkeypatch.setattr(launch, 'multiplies_bfloat16', lambda: bfloat16)
    cfg = amp_config(kind)
    if bfloat16 and kind == 'OptimWrapper':
        launch.enable_amp(cfg)
        assert cfg.optim_wrapper.type == 'mmseg_liteseg.Bfloat16OptimWrapper'
        return
    with pytest.raises(launch.LaunchError, match=f'--amp with optim_wrapper.type {kind} needs a GPU, .*leave it out'):
        launch.enable_amp(cfg)


def test_a_process_without_a_gpu_of_its_own_is_refused(monkeypatch):
    monkeypatch.setattr(launch, 'is_cuda_available', lambda: True)
    monkeypatch.setattr(launch.torch.cuda, 'device_count', lambda: 2)
    for name, value in (('RANK', '2'), ('WORLD_SIZE', '3'), ('LOCAL_RANK', '2')):
        monkeypatch.setenv(name, value)
    with pytest.raises(launch.LaunchError, match='process 2 of this machine has no GPU of its own: 2 visible'):
        launch.build_runner(Config(dict(launcher='pytorch')))


def test_a_file_is_no_work_folder(tmp_path):
    config, taken = tmp_path / 'own.py', tmp_path / 'taken'
    for path in (config, taken):
        path.write_text('model = dict()')
    args = argparse.Namespace(config=str(config), cfg_options=None, launcher='none', work_dir=str(taken), local_rank=0)
    with pytest.raises(launch.LaunchError, match=r'^--work-dir .*taken: expected a folder, found a file$'):
        launch.load_config(args)


def test_predictions_of_cityscapes_are_kept(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cfg = Config(dict(test_evaluator=[dict(type='CityscapesMetric'), dict(type='IoUMetric')]))
    launch.save_predictions(cfg, 'out')
    assert cfg.test_evaluator == [
        dict(type='CityscapesMetric', output_dir='out', keep_results=True),
        dict(type='IoUMetric'),
    ]
    assert (tmp_path / 'out').is_dir()  # before any of several processes writes into it


@pytest.mark.parametrize('format_only', [False, True])
def test_predictions_of_images_of_one_name_are_left_to_a_hook(tmp_path, format_only):
    """mmseg's metric would write them into one file, with labels or without."""
    cfg = Config(dict(test_evaluator=dict(type='IoUMetric', output_dir='other', format_only=format_only)))
    launch.save_predictions(cfg, str(tmp_path))
    assert cfg.test_evaluator.type == ('mmseg_liteseg.NoMetric' if format_only else 'IoUMetric')
    assert not cfg.test_evaluator.get('output_dir')
    assert cfg.custom_hooks == [dict(type='mmseg_liteseg.PredictionsHook', out_dir=str(tmp_path))]


def test_tensorboard_is_added_once():
    pytest.importorskip('tensorboard')
    cfg = Config(dict(visualizer=dict(type='SegLocalVisualizer', vis_backends=[dict(type='LocalVisBackend')])))
    launch.enable_tensorboard(cfg)
    launch.enable_tensorboard(cfg)
    assert [backend['type'] for backend in cfg.visualizer.vis_backends] == ['LocalVisBackend', 'TensorboardVisBackend']
