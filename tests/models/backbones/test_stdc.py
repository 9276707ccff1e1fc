import pytest
import torch
import torch.nn as nn

from mmseg_liteseg.models import STDCNet
from mmseg_liteseg.models.backbones.stdc import STDCBlock


def count(model):
    return sum(p.numel() for p in model.parameters())


@pytest.mark.parametrize(('arch', 'parameters'), [('stdc1', 5_318_304), ('stdc2', 9_348_768)])
def test_cardinality(arch, parameters):
    assert count(STDCNet(arch=arch)) == parameters


@pytest.mark.parametrize(('height', 'width'), [(64, 128), (1, 1), (33, 65), (90, 121)])
def test_smoke_sizes_round_up(height, width):
    model = STDCNet(out_indices=(0, 1, 2, 3, 4), base_channels=8).eval()
    features = model(torch.rand(1, 3, height, width))
    for i, (feature, channels) in enumerate(zip(features, (4, 8, 32, 64, 128))):
        stride = 2 ** (i + 1)
        assert feature.shape == (1, channels, -(-height // stride), -(-width // stride))


def test_pooling_leaves_padding_out():
    block = STDCBlock(4, 8, 2, dict(type='BN'), dict(type='ReLU'))
    ones = torch.ones(1, 4, 8, 8)
    assert torch.equal(block.pool(ones), torch.ones(1, 4, 4, 4))


def test_out_indices():
    model = STDCNet(base_channels=8).eval()
    x = torch.rand(1, 3, 64, 64)
    only_last = STDCNet(base_channels=8, out_indices=(4,)).eval()
    only_last.load_state_dict(model.state_dict())
    (last,) = only_last(x)
    assert torch.equal(last, model(x)[-1])


def test_norm_eval():
    model = STDCNet(base_channels=8, norm_eval=True).train()
    norms = [m for m in model.modules() if isinstance(m, nn.BatchNorm2d)]
    assert norms
    assert not any(m.training for m in norms)
    before = norms[0].running_mean.clone()
    model(torch.rand(2, 3, 32, 32))
    assert torch.equal(norms[0].running_mean, before)


def test_init_is_the_originals():
    torch.manual_seed(0)
    model = STDCNet()
    model.init_weights()
    for name, module in model.named_modules():
        if isinstance(module, nn.Conv2d):
            assert module.weight.std().item() == pytest.approx(0.001, rel=0.1), name


def test_init_cfg_reaches_every_convolution():
    model = STDCNet(base_channels=8, init_cfg=dict(type='Constant', layer='Conv2d', val=0.5))
    model.init_weights()
    assert all((m.weight == 0.5).all() for m in model.modules() if isinstance(m, nn.Conv2d))


def test_every_parameter_gets_a_gradient():
    model = STDCNet(base_channels=8)
    sum(x.square().sum() for x in model(torch.rand(2, 3, 64, 64))).backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in model.parameters())


@pytest.mark.parametrize(
    ('kwargs', 'field'),
    [
        (dict(arch='stdc3'), 'arch'),
        (dict(in_channels=0), 'in_channels'),
        (dict(base_channels=7), 'base_channels'),
        (dict(out_indices=(2, 5)), 'out_indices'),
        (dict(out_indices=(3, 2)), 'out_indices'),
        (dict(out_indices=()), 'out_indices'),
    ],
)
def test_exception_names_the_field(kwargs, field):
    with pytest.raises(ValueError, match=field):
        STDCNet(**kwargs)


def test_exception_image_channels():
    with pytest.raises(ValueError, match=r'in_channels=3 .* got shape \(1, 4, 32, 32\)'):
        STDCNet(base_channels=8)(torch.rand(1, 4, 32, 32))
