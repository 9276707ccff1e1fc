"""Hooks of the host, from training to export."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from PIL import Image

from mmseg_liteseg.endurance.cpu_amp import has_scaler
from tests.tools.conftest import run_alone
from tools.export import main as export_main
from tools.report import main as report_main
from tools.test import main as evaluate_main
from tools.train import main as train_main

EMA = "custom_hooks = [dict(type='EMAHook', ema_type='ExponentialMovingAverage', momentum=0.5)]"
STOPPING = "custom_hooks = [dict(type='EarlyStoppingHook', monitor='mIoU', patience=1, min_delta=200.0)]"
PROFILER = (
    "custom_hooks = [dict(type='ProfilerHook', by_epoch=False, profile_times=1, on_trace_ready=dict(type='log_trace'))]"
)
FROZEN = (
    'optim_wrapper = dict(paramwise_cfg=dict(custom_keys=dict(backbone=dict(lr_mult=0.0, decay_mult=0.0))),'
    ' accumulative_counts=2)'
)
REPEATED = """
part = train_dataloader['dataset']
twice = dict(type='RepeatDataset', times=2, dataset=part)
train_dataloader.update(dataset=dict(type='ConcatDataset', datasets=[part, twice]))
val_dataloader = dict(train_dataloader, batch_size=3, sampler=dict(type='DefaultSampler', shuffle=False), dataset=part)
"""
GROUPS = """
visualizer = dict(vis_backends=[dict(type='LocalVisBackend'), dict(type='TensorboardVisBackend')])
optim_wrapper = dict(
    _delete_=True, type='mmseg_liteseg.CpuAmpOptimWrapper', optimizer=dict(type='AdamW', lr=0.001, weight_decay=0.01),
    paramwise_cfg=dict(custom_keys=dict(backbone=dict(lr_mult=0.1), neck=dict(decay_mult=0.0)), norm_decay_mult=0.0),
    clip_grad=dict(max_norm=1.0),
)
param_scheduler = [dict(type='LinearLR', start_factor=0.1, begin=0, end=2, by_epoch=False)]
"""
CASES = {
    'EMAHook': EMA,
    'EarlyStoppingHook': STOPPING,
    'ProfilerHook': PROFILER,
    'frozen, accumulated': FROZEN,
    'ConcatDataset, RepeatDataset': REPEATED,
    'groups of parameters, loss scaler, TensorBoard': GROUPS,
}


def miou(folder):
    return json.loads(next(path for path in folder.glob('*/*.json')).read_text())['mIoU']


@pytest.mark.parametrize('case', CASES)
def test_train_resume_test_report_export(tiny_config, tmp_path, capsys, case):
    pytest.importorskip('onnx')
    if case == 'groups of parameters, loss scaler, TensorBoard':
        pytest.importorskip('tensorboard')
        if not has_scaler():
            pytest.skip('this torch has no loss scaler for the CPU')
    config, work = tiny_config.with_name('hooked.py'), tmp_path / 'work'
    config.write_text(f'{tiny_config.read_text()}\n{CASES[case]}\n')
    run_alone(train_main, [config, '--work-dir', work, '--cfg-options', 'train_cfg.max_iters=2'])
    run_alone(train_main, [config, '--work-dir', work, '--resume', '--cfg-options', 'train_cfg.max_iters=4'])
    checkpoint = work / (work / 'last_checkpoint').read_text()
    iterations = torch.load(checkpoint, weights_only=True)['meta']['iter']
    assert iterations == (2 if case == 'EarlyStoppingHook' and iterations == 2 else 4)
    best = next(work.glob('best_mIoU_iter_*.pth'))
    run_alone(evaluate_main, [config, best, '--work-dir', tmp_path / 'test', '--out', tmp_path / 'masks'])
    lines = [
        json.loads(line) for path in work.glob('*/vis_data/scalars.json') for line in path.read_text().splitlines()
    ]
    assert miou(tmp_path / 'test') == max(line['mIoU'] for line in lines if 'mIoU' in line)
    if case == 'EMAHook':
        run_alone(
            evaluate_main, [config, best, '--work-dir', tmp_path / 'tta', '--tta', '--out', tmp_path / 'tta_masks']
        )
        assert len(list((tmp_path / 'tta_masks').iterdir())) == 4
        assert np.asarray(Image.open(tmp_path / 'tta_masks/0.png')).shape == (64, 64)
    run_alone(report_main, [config, best, '--work-dir', work])
    assert f'{miou(tmp_path / "test"):.2f}' in capsys.readouterr().out
    run_alone(export_main, [config, best, '--out', tmp_path / 'out', '--name', 'm', '--shape', '64', '64'])
    assert 'm.onnx' in {path.name for path in (tmp_path / 'out').iterdir()}
