"""Ten losses of a training in double precision: whoever changes them by accident is told here.

After a change on purpose, which the commit names: MMSEG_LITESEG_GOLDEN=write pytest tests/engine/test_golden.py
"""

from __future__ import annotations

import json
import os

import numpy as np
import pytest
import torch
from mmengine.config import Config
from PIL import Image

from mmseg_liteseg.engine import launch
from tests.helpers import DATA, REPO
from tests.tools.conftest import run_alone

from .test_checkpoint_hook import calling

GOLDEN = DATA / 'golden_losses.json'
CONFIG = REPO / 'configs/ppliteseg/ppliteseg_stdc1_1xb4-1200_synthetic-144x192.py'


def write_pictures(folder):
    """Four, of whole numbers: drawn scenes differ by a grey level here and there between processors."""
    rng = np.random.default_rng(0)
    for index in range(4):
        label = rng.integers(0, 11, (9, 12), np.uint8).repeat(16, 0).repeat(16, 1)
        image = label[..., None] * 20 + rng.integers(0, 50, (*label.shape, 3), np.uint8)
        for name, values in (('images', image), ('labels', label)):
            (folder / name).mkdir(exist_ok=True)
            Image.fromarray(values).save(folder / f'{name}/{index}.png')


def train(folder):
    """Losses of ten iterations of the embedded default, with a thin network, on pictures of its size."""
    cfg = Config.fromfile(CONFIG)
    losses = []
    write_pictures(folder)
    cfg.train_dataloader.dataset = dict(
        type='BaseSegDataset',
        data_root=str(folder),
        data_prefix=dict(img_path='images', seg_map_path='labels'),
        img_suffix='.png',
        metainfo=dict(classes=[str(index) for index in range(11)], palette=[[20 * index] * 3 for index in range(11)]),
        pipeline=cfg.train_dataloader.dataset.pipeline,
    )

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
