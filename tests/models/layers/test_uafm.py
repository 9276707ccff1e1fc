import pytest
import torch
import torch.nn.functional as F

from mmseg_liteseg.models import UAFM, ChannelUAFM, SpatialUAFM

FUSIONS = [
    (UAFM, dict()),
    (UAFM, dict(separable=True)),
    (SpatialUAFM, dict()),
    (SpatialUAFM, dict(use_max=False)),
    (SpatialUAFM, dict(separable=True)),
    (ChannelUAFM, dict()),
    (ChannelUAFM, dict(use_max=False)),
]


def make_fusion(cls, **kwargs):
    return cls(**{**dict(in_channels=8, skip_channels=12, out_channels=4), **kwargs})


@pytest.mark.parametrize(('cls', 'kwargs'), FUSIONS)
@pytest.mark.parametrize('sizes', [((8, 16), (4, 8)), ((9, 7), (5, 4)), ((1, 1), (1, 1))])
def test_smoke_takes_the_size_of_skip(cls, kwargs, sizes):
    fusion = make_fusion(cls, **kwargs).eval()
    out = fusion(torch.rand(2, 12, *sizes[0]), torch.rand(2, 8, *sizes[1]))
    assert out.shape == (2, 4, *sizes[0])


@pytest.mark.parametrize(('cls', 'kwargs'), FUSIONS)
def test_every_parameter_gets_a_gradient(cls, kwargs):
    torch.manual_seed(0)
    fusion = make_fusion(cls, **kwargs)
    out = fusion(torch.rand(4, 12, 8, 8), torch.rand(4, 8, 4, 4))
    (out * torch.rand_like(out)).sum().backward()
    for name, p in fusion.named_parameters():
        assert p.grad is not None, name
        if not name.endswith('conv.bias'):  # BN takes the mean out again
            assert p.grad.abs().sum() > 0, name


def test_addition_is_plain():
    fusion = make_fusion(UAFM)
    skip, x = torch.rand(1, 8, 4, 4), torch.rand(1, 8, 4, 4)
    assert torch.equal(fusion.fuse(skip, x), skip + x)


@pytest.mark.parametrize('cls', [SpatialUAFM, ChannelUAFM])
def test_alpha_weighs_the_skip(cls):
    fusion = make_fusion(cls).eval()
    skip, x = torch.rand(1, 8, 4, 4), torch.rand(1, 8, 4, 4)
    fusion.attention[1].bn.bias.data.fill_(100.0)  # alpha = 1
    assert torch.equal(fusion.fuse(skip, x), skip)
    fusion.attention[1].bn.bias.data.fill_(-100.0)  # alpha = 0
    torch.testing.assert_close(fusion.fuse(skip, x), x)


def test_spatial_statistics_in_order():
    skip, x = torch.rand(2, 8, 3, 5), torch.rand(2, 8, 3, 5)
    described = make_fusion(SpatialUAFM).describe(skip, x)
    for i, expected in enumerate((skip.mean(1), skip.max(1)[0], x.mean(1), x.max(1)[0])):
        torch.testing.assert_close(described[:, i], expected)


def test_channel_statistics_in_order():
    skip, x = torch.rand(2, 8, 3, 5), torch.rand(2, 8, 3, 5)
    described = make_fusion(ChannelUAFM).describe(skip, x)
    pooled = [pool(f, 1) for pool in (F.adaptive_avg_pool2d, F.adaptive_max_pool2d) for f in (skip, x)]
    torch.testing.assert_close(described, torch.cat(pooled, 1))


@pytest.mark.parametrize('field', ['in_channels', 'skip_channels', 'out_channels'])
@pytest.mark.parametrize('value', [0, -1, 1.5, '8', True])
def test_exception_names_the_field(field, value):
    with pytest.raises(ValueError, match=field):
        make_fusion(SpatialUAFM, **{field: value})


def test_exception_swapped_inputs():
    with pytest.raises(ValueError, match='skip_channels=12'):
        make_fusion(UAFM)(torch.rand(1, 8, 4, 4), torch.rand(1, 12, 2, 2))
