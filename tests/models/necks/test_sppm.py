import pytest
import torch
import torch.nn.functional as F

from mmseg_liteseg.models import SPPM


def make_neck(**kwargs):
    return SPPM(**{**dict(in_channels=16, channels=8), **kwargs})


@pytest.mark.parametrize('size', [(1, 1), (2, 3), (7, 5), (16, 32)])
def test_smoke_appends_the_context(size):
    inputs = (torch.rand(2, 4, 9, 9), torch.rand(2, 16, *size))
    *passed, context = make_neck().eval()(inputs)
    assert all(a is b for a, b in zip(passed, inputs))
    assert context.shape == (2, 8, *size)


def test_cardinality():
    # three 1x1 and one 3x3 convolution, all with bias, and four BN
    parameters = sum(p.numel() for p in SPPM().parameters())
    assert parameters == 3 * (1024 * 128 + 128 + 256) + 128 * 128 * 9 + 128 + 256


def test_pool_is_the_sum_of_the_branches():
    neck, x = make_neck().eval(), torch.rand(1, 16, 5, 7)
    expected = sum(
        F.interpolate(branch(F.adaptive_avg_pool2d(x, bins)), (5, 7), mode='bilinear', align_corners=False)
        for bins, branch in zip((1, 2, 4), neck.branches)
    )
    torch.testing.assert_close(neck.pool(x), expected)


def test_align_corners_is_used():
    neck, x = make_neck().eval(), torch.rand(1, 16, 5, 7)
    before = neck.pool(x)
    neck.align_corners = True
    assert not torch.allclose(neck.pool(x), before)


def test_every_parameter_but_hidden_biases_gets_a_gradient():
    neck = make_neck()
    neck((torch.rand(3, 16, 6, 6),))[-1].square().sum().backward()
    for name, p in neck.named_parameters():
        assert p.grad is not None, name
        if not name.endswith('conv.bias'):  # BN takes the mean out again
            assert p.grad.abs().sum() > 1e-6, name


@pytest.mark.parametrize(
    ('kwargs', 'field'),
    [
        (dict(in_channels=-1), 'in_channels'),
        (dict(channels=0), 'channels'),
        (dict(pool_scales=()), 'pool_scales'),
        (dict(pool_scales=(1, 0)), r'pool_scales\[1\]'),
    ],
)
def test_exception_names_the_field(kwargs, field):
    with pytest.raises(ValueError, match=field):
        make_neck(**kwargs)


def test_exception_wrong_input():
    with pytest.raises(ValueError, match=r'in_channels=16 .* got shape \(1, 12, 4, 4\)'):
        make_neck()((torch.rand(1, 12, 4, 4),))
