"""Recipes with class weights take a step as they are written, on a crop that is small."""

import pytest
import torch
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS

from mmseg_liteseg.benchmark.scenes import batch_of, samples_of
from mmseg_liteseg.engine.cpu import sync_bn_to_bn
from tests.helpers import REPO

PATHS = sorted((REPO / 'configs/ppliteseg').glob('*-weighted_*.py'))


@pytest.mark.parametrize('path', PATHS, ids=lambda path: path.stem)
def test_a_step(path):
    cfg = Config.fromfile(path)
    init_default_scope(cfg.default_scope)
    sync_bn_to_bn(cfg.model)
    classes = cfg.model.decode_head.num_classes
    cfg.model.decode_head.loss_decode.class_weight = [1.0] * classes  # a training computes them from its data
    torch.manual_seed(0)
    model = MODELS.build(cfg.model)
    model.init_weights()
    model.train()
    wrapper = build_optim_wrapper(model, cfg.optim_wrapper)
    decays = {id(p): group['weight_decay'] for group in wrapper.param_groups for p in group['params']}
    weight, norm = model.decode_head.conv_seg.weight, model.decode_head.cls_conv.bn.weight
    assert decays[id(weight)] == cfg.optim_wrapper.optimizer.weight_decay > 0
    assert decays[id(norm)] == 0
    before = {name: value.clone() for name, value in model.named_parameters()}
    loss, logged = model.parse_losses(model(batch_of(2, (64, 64)), samples_of(2, (64, 64)), mode='loss'))
    wrapper.update_params(loss)
    assert torch.isfinite(loss)
    assert logged['decode.loss_ce'] < 3 * torch.log(torch.tensor(float(classes)))  # near that of a guess
    assert all((value != before[name]).any() for name, value in model.named_parameters())


def test_schedules_end_with_the_training():
    for path in PATHS:
        cfg = Config.fromfile(path)
        assert cfg.param_scheduler[-1].end == cfg.train_cfg.max_iters
        assert cfg.default_hooks.checkpoint.interval == cfg.train_cfg.val_interval
