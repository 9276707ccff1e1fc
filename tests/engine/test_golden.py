"""Ten losses of a training in double precision: whoever changes them by accident is told here.

After a change on purpose, which the commit names: MMSEG_LITESEG_GOLDEN=write pytest tests/engine/test_golden.py
"""

from __future__ import annotations

import json
import os

import pytest
import torch
from mmengine.config import Config

from mmseg_liteseg.engine import launch
from tests.helpers import DATA, REPO
from tests.tools.conftest import run_alone

from .test_checkpoint_hook import calling

GOLDEN = DATA / 'golden_losses.json'
CONFIG = REPO / 'configs/ppliteseg/ppliteseg_stdc1_1xb4-1200_synthetic-144x192.py'


def train(folder):
    """Losses of ten iterations of the embedded default, with a thin network."""
    cfg = Config.fromfile(CONFIG)
    losses = []

    def note(runner, batch_idx, data_batch=None, outputs=None):
        losses.append({key: value.item() for key, value in outputs.items() if 'loss' in key})

    def start(runner):
        torch.manual_seed(0)
        for parameter in runner.model.parameters():  # of the generator alone, not of how the host initialises
            if parameter.ndim > 1:
                parameter.data = torch.randn(parameter.shape, dtype=torch.float64) / parameter[0].numel() ** 0.5
        runner.model.double()

    cfg.model.backbone.base_channels = 8
    cfg.model.neck.update(in_channels=128, channels=16)
    cfg.model.decode_head.update(
        in_channels=(32, 64, 128, 16), decoder_channels=(8, 8, 16), channels=8, aux_channels=(8, 8), dropout_ratio=0
    )
    cfg.train_dataloader.update(num_workers=0, persistent_workers=False, batch_size=2)
    cfg.train_cfg.update(max_iters=10, val_interval=100)
    cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None
    cfg.default_hooks.checkpoint = None
    cfg.custom_hooks = [*calling('after_train_iter', note), *calling('before_train', start)]
    cfg.update(work_dir=str(folder), launcher='none', randomness=dict(seed=0), log_level='ERROR')
    runner = launch.build_runner(cfg)
    preprocess = runner.model.data_preprocessor.forward

    def in_double(data, training=False):
        data = preprocess(data, training)
        return dict(data, inputs=data['inputs'].double())

    runner.model.data_preprocessor.forward = in_double
    runner.train()
    return losses


def test_losses_are_those_of_before(tmp_path):
    losses = []
    run_alone(lambda _: losses.extend(train(tmp_path)), [])
    assert len(losses) == 10
    if os.environ.get('MMSEG_LITESEG_GOLDEN') == 'write':
        GOLDEN.write_text(json.dumps(losses, indent=1) + '\n')
    for ours, golden in zip(losses, json.loads(GOLDEN.read_text())):
        assert ours == pytest.approx(golden, rel=1e-6)
