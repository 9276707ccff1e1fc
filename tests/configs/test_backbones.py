"""Configs of other encoders, PP-HumanSegV2 and the paper's Table 3: built, run and trained one step, tiny images."""

from __future__ import annotations

import sys

import pytest
import torch
from mmengine.config import Config
from mmengine.model import revert_sync_batchnorm

from mmseg_liteseg.registry import MODELS
from tests.helpers import REPO, make_samples
from tests.pretrain.conftest import bring_torchvision

FOLDERS = ('backbones', 'humanseg', 'ablation')
CONFIGS = sorted(path for folder in FOLDERS for path in (REPO / 'configs' / folder).glob('*.py'))
# levels of the decoder and stride of the logits
EXPECTED = {
    'fld_r18': (3, 8),
    'fld_mobilenetv3-large': (4, 4),
    'fld_timm-mobilenetv4-s': (2, 8),
    'pphumansegv2-mobile': (4, 4),
    'pphumansegv2-lite': (4, 4),
}


def build(path, monkeypatch):
    """The config's segmentor; skips where a library is missing."""
    text = path.read_text()
    if 'mmpretrain' in text or 'TIMMBackbone' in text:
        reason = bring_torchvision()
        if reason:
            pytest.skip(reason)
    if 'TIMMBackbone' in text:
        timm = pytest.importorskip('timm')
        monkeypatch.setattr(sys.modules['mmseg.models.backbones.timm_backbone'], 'timm', timm)  # it came after mmseg
    torch.manual_seed(0)
    return revert_sync_batchnorm(MODELS.build(Config.fromfile(path).model))


def test_there_are_configs():
    assert len(CONFIGS) == 9


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem.split('_4xb4')[0].split('_1xb')[0])
def test_config(path, monkeypatch):
    model = build(path, monkeypatch)
    head = model.decode_head
    levels, stride = EXPECTED.get(path.stem.split('_1xb')[0], (3, 8))
    assert len(head.fusions) == levels
    inputs, samples = torch.randn(2, 3, 64, 96), make_samples(2, (64, 96), head.num_classes)
    losses = model.train().loss(inputs, samples)
    assert sum('acc_seg' in key for key in losses) == 1 + len(head.aux_heads)
    sum(value for key, value in losses.items() if 'loss' in key).backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None or name.startswith('backbone.'), name  # an encoder may end in a classifier
    model.eval()
    with torch.no_grad():
        assert model(inputs, mode='tensor').shape == (2, head.num_classes, 64 // stride, 96 // stride)
        assert model.predict(inputs)[0].pred_sem_seg.data.shape == (1, 64, 96)


def test_table_3_is_the_parts_one_by_one():
    base = Config.fromfile(
        REPO / 'configs/ppliteseg/ppliteseg_stdc2_4xb4-160k_cityscapes-512x1024_test-768x1536.py'
    ).model
    rows = {
        path.stem.split('_')[1][6:]: Config.fromfile(path).model for path in CONFIGS if path.parent.name == 'ablation'
    }
    found = {
        name: (
            tuple(model.decode_head.decoder_channels) == tuple(base.decode_head.decoder_channels),
            model.neck.type.endswith('.SPPM'),
            model.decode_head.fusion_cfg.type.endswith('.SpatialUAFM'),
        )
        for name, model in rows.items()
    }
    assert found == {
        'baseline': (False, False, False),
        'fld': (True, False, False),
        'fld-sppm': (True, True, False),
        'fld-uafm': (True, False, True),
    }
    assert rows['baseline'].decode_head.decoder_channels == (96, 96, 96)
    for model in rows.values():
        assert model.backbone == base.backbone


def test_the_decoder_of_lite_is_light(monkeypatch):
    """The separable decoder adds little to the encoder; that of T has 2.7 M parameters."""
    model = build(REPO / 'configs/humanseg/pphumansegv2-lite_1xb8-1k_mini-supervisely-192x192.py', monkeypatch)
    decoder = sum(p.numel() for part in (model.neck, model.decode_head) for p in part.parameters())
    assert decoder < 250_000
