from __future__ import annotations

import pytest
from mmengine.config import Config

from mmseg_liteseg.engine import training_options
from mmseg_liteseg.engine.errors import LaunchError


def amp_config(kind):
    return Config(dict(optim_wrapper=dict(type=kind, optimizer=dict(type='SGD', lr=0.1))))


def test_amp_switches_the_wrapper_and_keeps_the_optimizer(monkeypatch):
    monkeypatch.setattr(training_options, 'is_cuda_available', lambda: True)
    cfg = amp_config('OptimWrapper')
    training_options.enable_amp(cfg)
    assert cfg.optim_wrapper == dict(type='AmpOptimWrapper', loss_scale='dynamic', optimizer=dict(type='SGD', lr=0.1))
    with pytest.raises(LaunchError, match=r'optim_wrapper\.type is ApexOptimWrapper'):
        training_options.enable_amp(amp_config('ApexOptimWrapper'))


CPUS = [(True, 'OptimWrapper'), (False, 'OptimWrapper'), (True, 'AmpOptimWrapper')]


@pytest.mark.parametrize(('bfloat16', 'kind'), CPUS)
def test_amp_without_a_gpu(bfloat16, kind, monkeypatch):
    for name in ('is_cuda_available', 'is_npu_available', 'is_mlu_available'):
        monkeypatch.setattr(training_options, name, lambda: False)
    monkeypatch.setattr(training_options, 'multiplies_bfloat16', lambda: bfloat16)
    cfg = amp_config(kind)
    if bfloat16 and kind == 'OptimWrapper':
        training_options.enable_amp(cfg)
        assert cfg.optim_wrapper.type == 'mmseg_liteseg.Bfloat16OptimWrapper'
        return
    with pytest.raises(LaunchError, match=f'--amp with optim_wrapper.type {kind} needs a GPU, .*leave it out'):
        training_options.enable_amp(cfg)


def test_tensorboard_is_added_once():
    pytest.importorskip('tensorboard')
    cfg = Config(dict(visualizer=dict(type='SegLocalVisualizer', vis_backends=[dict(type='LocalVisBackend')])))
    training_options.enable_tensorboard(cfg)
    training_options.enable_tensorboard(cfg)
    assert [backend['type'] for backend in cfg.visualizer.vis_backends] == ['LocalVisBackend', 'TensorboardVisBackend']
