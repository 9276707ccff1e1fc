import copy

import pytest
import torch
from mmengine.registry import init_default_scope
from torch import nn

from mmseg_liteseg.models.segmentors.channels_last import ChannelsLast
from mmseg_liteseg.registry import MODELS
from tests.helpers import make_samples

IMAGES = torch.randn(2, 3, 64, 96, generator=torch.Generator().manual_seed(0))


def is_last(x):
    return x.is_contiguous(memory_format=torch.channels_last) and not x.is_contiguous()


def test_what_can_take_them_gets_them():
    layout = ChannelsLast()
    assert [layout.call(nn.Identity(), is_last, IMAGES) for _ in range(2)] == [True, True]


@pytest.mark.parametrize('fails_at', [1, 2])
def test_what_cannot_is_put_back_and_gets_them_as_they_are_from_then_on(fails_at):
    layout, norm, seen = ChannelsLast(), nn.BatchNorm2d(3), []
    alone = copy.deepcopy(norm)

    def loss(x):
        seen.append(is_last(x))
        norm(x)
        drawn = torch.rand(())
        if len(seen) >= fails_at:
            x.view(-1, *x.shape[2:])
        return drawn

    torch.manual_seed(0)
    drawn = [float(layout.call(norm, loss, IMAGES)) for _ in range(3)]
    assert seen == [True] * fails_at + [False] * (4 - fails_at)
    if fails_at == 1:  # as if it had never been tried
        torch.manual_seed(0)
        assert drawn == [float(torch.rand(())) for _ in range(3)]
        for _ in range(3):
            alone(IMAGES)
        torch.testing.assert_close(norm.state_dict(), alone.state_dict())


def test_exception_of_another_kind_is_the_models_own():
    seen = []

    def loss(x):
        seen.append(x)
        raise RuntimeError('out of memory')

    with pytest.raises(RuntimeError, match='out of memory'):
        ChannelsLast().call(nn.Identity(), loss, IMAGES)
    assert len(seen) == 1


def test_a_head_that_needs_the_channels_first_trains_as_mmsegs():
    init_default_scope('mmseg')
    common = dict(in_channels=128, in_index=2, channels=8, num_classes=5, norm_cfg=dict(type='BN'))
    backbone = dict(type='mmseg_liteseg.STDCNet', base_channels=8, norm_cfg=dict(type='BN'), out_indices=(2, 3, 4))
    config = dict(
        backbone=backbone,
        decode_head=dict(type='DMHead', filter_sizes=(1, 3), **common),
        auxiliary_head=dict(type='FCNHead', **common),
        train_cfg=dict(),
        test_cfg=dict(mode='whole'),
    )
    torch.manual_seed(0)
    host = MODELS.build(dict(config, type='EncoderDecoder'))
    fast = MODELS.build(dict(config, type='mmseg_liteseg.FastEncoderDecoder'))
    fast.load_state_dict(host.state_dict())
    results = []
    for model in (host, fast):
        torch.manual_seed(1)  # of dropout
        for _ in range(2):
            losses = model(IMAGES, make_samples(2, (64, 96), 5), mode='loss')
        results.append({name: value.detach() for name, value in losses.items()})
    torch.testing.assert_close(results[1], results[0], rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(fast.state_dict(), host.state_dict(), rtol=1e-5, atol=1e-5)
