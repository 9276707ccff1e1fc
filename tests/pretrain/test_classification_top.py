from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from mmseg_liteseg.errors import SettingError

pytestmark = pytest.mark.usefixtures('torchvision')


@pytest.fixture
def head():
    from mmseg_liteseg.pretrain import STDCHead

    torch.manual_seed(0)
    return STDCHead(num_classes=5, in_channels=8, channels=12)


def test_layers_are_the_papers(head):
    """1x1 convolution and BN, linear and BN, linear: no biases but BN's."""
    shapes = {name: tuple(value.shape) for name, value in head.named_parameters()}
    bn = {'weight': (12,), 'bias': (12,)}
    expected = {'conv.conv.weight': (12, 8, 1, 1), 'fc.weight': (12, 12), 'linear.weight': (5, 12)}
    expected.update({f'{norm}.{name}': shape for norm in ('conv.bn', 'bn') for name, shape in bn.items()})
    assert shapes == expected
    assert head.dropout.p == 0.2


def test_parity_with_plain_layers(head):
    head.eval()
    feature = torch.randn(3, 8, 4, 5)
    x = torch.relu(head.conv.bn(head.conv.conv(feature))).mean((2, 3))
    x = x @ head.fc.weight.T
    x = (x - head.bn.running_mean) / (head.bn.running_var + head.bn.eps).sqrt() * head.bn.weight + head.bn.bias
    expected = torch.relu(x) @ head.linear.weight.T
    torch.testing.assert_close(head((torch.zeros(1), feature)), expected)


def test_initialisation_is_the_authors(head):
    from mmseg_liteseg.pretrain import STDCHead

    wide = STDCHead(num_classes=1000)
    wide.init_weights()
    assert wide.fc.weight.std().item() == pytest.approx(0.001, rel=0.02)
    assert wide.linear.weight.std().item() == pytest.approx(0.001, rel=0.02)
    assert wide.conv.conv.weight.std().item() == pytest.approx((2 / 1024) ** 0.5, rel=0.02)


def test_every_parameter_gets_a_gradient_and_dropout_acts_in_training(head):
    feature = torch.randn(4, 8, 2, 2)
    assert not torch.equal(head((feature,)), head((feature,)))
    head((feature,)).square().sum().backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in head.parameters())


def test_exceptions_name_the_field(head):
    from mmseg_liteseg.pretrain import STDCHead

    for field in ('num_classes', 'in_channels', 'channels'):
        with pytest.raises(SettingError, match=field):
            STDCHead(**{'num_classes': 5, field: 0})
    with pytest.raises(SettingError, match=r'in_channels=8 .*\(1, 9, 2, 2\)'):
        head((torch.zeros(1, 9, 2, 2),))


def test_sync_bn_is_possible():
    from mmseg_liteseg.pretrain import STDCHead

    head = STDCHead(num_classes=2, in_channels=8, channels=8, norm_cfg=dict(type='SyncBN')).eval()
    assert isinstance(head.bn, nn.SyncBatchNorm)
    assert head((torch.zeros(1, 8, 2, 2),)).shape == (1, 2)


def test_the_rest_of_an_epoch_may_be_one_image(head):
    """It is normalised by the running statistics, which stay; of two images they move."""
    made = copy.deepcopy(head).train()
    before = made.bn.running_mean.clone()
    image = torch.rand(1, 8, 7, 7)
    made((image,)).sum().backward()
    assert torch.equal(made.bn.running_mean, before)
    assert made.bn.weight.grad.isfinite().all()
    made((torch.cat([image, 2 * image]),))
    assert not torch.equal(made.bn.running_mean, before)
