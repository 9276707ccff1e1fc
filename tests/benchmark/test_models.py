"""Segmentors to measure."""

from __future__ import annotations

import pytest
import torch
from mmengine.config import Config
from torch.nn.modules.batchnorm import _BatchNorm

from mmseg_liteseg.benchmark.case import Model
from mmseg_liteseg.benchmark.errors import BenchmarkError
from mmseg_liteseg.benchmark.models import border_share, build, checkpoint_for, drop_pretrained, load_config
from mmseg_liteseg.benchmark.names import resolve
from mmseg_liteseg.benchmark.scenes import batch_of
from mmseg_liteseg.models.segmentors import FastEncoderDecoder

from .conftest import SIZE


def test_activations_stay_ordinary_numbers(network):
    seen = []
    hooks = [
        module.register_forward_hook(lambda module, inputs, output: seen.append(output.abs().mean().item()))
        for module in network.modules()
        if isinstance(module, _BatchNorm)
    ]
    with torch.no_grad():
        network(batch_of(1, SIZE), mode='tensor')
    for hook in hooks:
        hook.remove()
    assert len(seen) > 30
    assert min(seen) > 0.01
    assert max(seen) < 20


def test_settling_leaves_no_hooks(network):
    assert not any(module._forward_pre_hooks for module in network.modules())
    assert not any(module.training for module in network.modules())


def test_same_weights_every_time(tiny, network):
    again = build(load_config(tiny), SIZE)
    for key, value in network.state_dict().items():
        torch.testing.assert_close(again.state_dict()[key], value, msg=key)


def test_our_parts_and_stock_parts(network, stock_network):
    assert isinstance(network, FastEncoderDecoder)
    assert type(stock_network).__name__ == 'EncoderDecoder'
    assert type(stock_network.decode_head.sampler).__module__.startswith('mmseg.')
    assert type(network.decode_head.sampler).__module__.startswith('mmseg_liteseg.')


def _changed(tiny, **changes):
    cfg = Config.fromfile(tiny.config)
    cfg.merge_from_dict(changes)
    path = tiny.config.with_name('changed.py')
    cfg.dump(path)
    return load_config(Model('changed', path, SIZE, stock=True))


def test_stock_of_somebody_else(tiny):
    with pytest.raises(BenchmarkError, match='FastCascadeEncoderDecoder, found EncoderDecoder'):
        _changed(tiny, **{'model.type': 'EncoderDecoder'})


def test_stock_parts_of_a_config_without_a_sampler_and_with_our_arguments(tiny):
    changes = {'model.decode_head.sampler': None, 'model.distillation': dict(teacher='a.py'), 'model.fused_loss': False}
    model = build(_changed(tiny, **changes), SIZE)
    assert (type(model).__name__, model.decode_head.sampler) == ('EncoderDecoder', None)


def test_stock_parts_of_auxiliary_heads(tiny):
    sampler = dict(type='mmseg_liteseg.OHEMPixelSampler', thresh=0.6, min_kept=500)
    head = dict(type='FCNHead', in_channels=8, channels=4, num_classes=3, sampler=sampler)
    cfg = _changed(tiny, **{'model.auxiliary_head': [head, dict(head, sampler=None)]})
    found = [head.sampler for head in cfg.model.auxiliary_head]
    assert found == [dict(type='OHEMPixelSampler', thresh=0.6, min_kept=500), None]


def test_a_config_without_a_model(tmp_path):
    (tmp_path / 'a.py').write_text('x = 1')
    with pytest.raises(BenchmarkError, match='no model'):
        load_config(Model('a', tmp_path / 'a.py', SIZE))


def test_drop_pretrained():
    tree = dict(pretrained='a', a=[dict(init_cfg=1, b=2)], c=dict(d=(dict(init_cfg=3),)))
    drop_pretrained(tree)
    assert tree == dict(a=[dict(b=2)], c=dict(d=({},)))


def test_weights_of_a_checkpoint(tiny, network, tmp_path):
    state = {key: torch.full_like(value, 2) for key, value in network.state_dict().items()}
    torch.save(dict(state_dict=state), tmp_path / 'a.pth')
    path = checkpoint_for(tiny, {'tiny': str(tmp_path / 'a.pth')})
    assert all((value == 2).all() for value in build(load_config(tiny), SIZE, path).state_dict().values())
    assert checkpoint_for(tiny, {}) is None
    with pytest.raises(BenchmarkError, match=r'no file .*nowhere\.pth'):
        checkpoint_for(tiny, {'tiny': 'nowhere.pth'})


def test_border_share():
    def logits_of(labels):
        return lambda images, mode: torch.nn.functional.one_hot(labels, 3).permute(2, 0, 1)[None].float()

    labels = torch.zeros(5, 5, dtype=torch.long)
    assert border_share(logits_of(labels), None) == 0
    labels[:, 3:] = 2
    assert border_share(logits_of(labels), None) == pytest.approx(1 / 4)


def test_fast_parts(tiny, tmp_path):
    cfg = load_config(Model('STDC1-Seg', resolve('STDC1-Seg')[1], SIZE, fast=True))
    assert cfg.model.type == 'mmseg_liteseg.FastEncoderDecoder'
    with pytest.raises(BenchmarkError, match=r'\+fast'):
        load_config(Model('tiny', tiny.config, SIZE, fast=True))
