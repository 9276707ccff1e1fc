"""A thin PP-LiteSeg with weights that give varied labels, as config and checkpoint."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from torch import nn

from mmseg_liteseg.deploy.source import Source, load_source
from mmseg_liteseg.registry import MODELS
from tests.helpers import REPO

CONFIG = """
_base_ = [r'{configs}/_base_/models/ppliteseg_stdc1.py', r'{configs}/_base_/datasets/synthetic_street.py',
          r'{configs}/_base_/default_runtime.py']
model = dict(
    data_preprocessor=dict(mean=[120.0, 125.0, 130.0], std=[60.0, 65.0, 70.0], size=(64, 64)),
    backbone=dict(base_channels=16),
    neck=dict(in_channels=256, channels=16),
    decode_head=dict(in_channels=(64, 128, 256, 16), decoder_channels=(8, 8, 16), channels=8, aux_channels=(8, 8),
                     num_classes=11),
)
test_dataloader = dict(num_workers=0, persistent_workers=False, dataset=dict(length=2, size=(48, 64)))
train_dataloader = dict(num_workers=0, persistent_workers=False, dataset=dict(length=2, size=(48, 64)))
"""


def fill(model: nn.Module, seed: int = 0) -> nn.Module:
    """Weights and running statistics of a network that is no identity anywhere: default ones give one label."""
    rng = torch.Generator().manual_seed(seed)
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            nn.init.uniform_(module.weight, 0.6, 1.4, generator=rng)
            nn.init.normal_(module.bias, 0.0, 0.2, generator=rng)
            module.running_mean.normal_(0.0, 0.3, generator=rng)
            module.running_var.uniform_(0.5, 1.5, generator=rng)
        elif isinstance(module, nn.Conv2d):
            nn.init.normal_(module.weight, 0.0, (2 / module.weight[0].numel()) ** 0.5, generator=rng)
            if module.bias is not None:
                nn.init.normal_(module.bias, 0.0, 0.2, generator=rng)
    return model


def write_project(folder: Path) -> tuple[Path, Path]:
    """Writes config.py and weights.pth."""
    config, checkpoint = folder / 'tiny.py', folder / 'weights.pth'
    config.write_text(CONFIG.format(configs=REPO / 'configs'))
    init_default_scope('mmseg')
    model = fill(MODELS.build(Config.fromfile(config).model))
    torch.save(dict(state_dict=model.state_dict(), meta={}), checkpoint)
    return config, checkpoint


@pytest.fixture(scope='session')
def tiny(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Config and checkpoint."""
    return write_project(tmp_path_factory.mktemp('tiny'))


@pytest.fixture(scope='session')
def source(tiny: tuple[Path, Path]) -> Source:
    """The model, loaded; tests leave it as it is."""
    return load_source(*map(str, tiny))
