import pytest
import torch
import torch.nn as nn

from mmseg_liteseg.models import FLDHead
from tests.helpers import make_samples

SMALL = dict(
    in_channels=(8, 12, 16, 6),
    decoder_channels=(4, 6, 8),
    channels=5,
    aux_channels=(7, 7),
    num_classes=3,
    loss_decode=dict(type='mmseg.CrossEntropyLoss'),
)
TWO_LEVELS = dict(in_channels=(8, 12, 6), in_index=(0, 1, 3), decoder_channels=(4, 6), aux_channels=())


def make_head(**kwargs):
    return FLDHead(**{**SMALL, **kwargs})


def make_inputs(batch=2, size=8):
    sizes = (size, size // 2, size // 4, size // 4)
    return [torch.rand(batch, c, s, 2 * s) for c, s in zip(SMALL['in_channels'], sizes)]


def test_smoke_one_tensor_in_both_modes():
    head, inputs = make_head(), make_inputs()
    for mode in (True, False):
        assert head.train(mode)(inputs).shape == (2, 3, 8, 16)


def test_decode_goes_from_fine_to_coarse():
    shapes = [tuple(x.shape[1:]) for x in make_head().eval().decode(make_inputs())]
    assert shapes == [(4, 8, 16), (6, 4, 8), (8, 2, 4)]


def test_two_fusions_follow_from_two_skips():
    head, inputs = make_head(**TWO_LEVELS).eval(), make_inputs()
    assert len(head.fusions) == 2
    assert [f.in_channels for f in head.fusions] == [6, 6]
    before = head(inputs)
    assert before.shape == (2, 3, 8, 16)
    inputs[2] = torch.rand_like(inputs[2])  # x32 is not selected
    assert torch.equal(head(inputs), before)


def test_four_fusions_follow_from_four_skips():
    head = make_head(
        in_channels=(4, 8, 12, 16, 6), in_index=(0, 1, 2, 3, 4), decoder_channels=(4, 4, 6, 8), aux_channels=(3, 3, 3)
    ).eval()
    inputs = [torch.rand(1, 4, 16, 32), *make_inputs(1)]
    assert head(inputs).shape == (1, 3, 16, 32)


def test_auxiliary_heads_never_run_in_forward():
    head = make_head()
    for aux in head.aux_heads:
        aux.register_forward_hook(lambda *_: pytest.fail('an auxiliary head ran'))
    head.train()(make_inputs())
    head.eval()(make_inputs())


@pytest.mark.parametrize('mode', [True, False])
def test_loss_has_every_head_in_both_modes(mode):
    head = make_head().train(mode)
    losses = head.loss(make_inputs(), make_samples(2, (32, 64), 3), None)
    assert set(losses) == {f'{p}{k}' for p in ('', 'aux_0.', 'aux_1.') for k in ('loss_ce', 'acc_seg')}
    assert not any('loss' in key for key in losses if 'acc' in key)  # parse_losses would sum it


def test_auxiliary_losses_have_factors_of_their_own():
    torch.manual_seed(0)
    plain, weighted = make_head().eval(), make_head(aux_loss_weights=(0.4, 0.0)).eval()
    weighted.load_state_dict(plain.state_dict())
    inputs, samples = make_inputs(), make_samples(2, (32, 64), 3)
    expected, found = plain.loss(inputs, samples, None), weighted.loss(inputs, samples, None)
    for prefix, factor in (('', 1), ('aux_0.', 0.4), ('aux_1.', 0)):
        torch.testing.assert_close(found[f'{prefix}loss_ce'], factor * expected[f'{prefix}loss_ce'])
        torch.testing.assert_close(found[f'{prefix}acc_seg'], expected[f'{prefix}acc_seg'])


def test_every_parameter_gets_a_gradient():
    torch.manual_seed(0)
    head = make_head()
    losses = head.loss(make_inputs(4), make_samples(4, (32, 64), 3), None)
    sum(v for k, v in losses.items() if 'loss' in k).backward()
    for name, p in head.named_parameters():
        assert p.grad is not None, name
        assert p.grad.abs().sum() > 0, name


def test_init_is_the_originals():
    torch.manual_seed(0)
    head = FLDHead(num_classes=19)
    head.init_weights()
    for name, module in head.named_modules():
        if isinstance(module, nn.Conv2d) and module.weight.numel() > 1000:
            fan_in = module.weight[0].numel()
            assert module.weight.std().item() == pytest.approx((2 / fan_in) ** 0.5, rel=0.1), name
            assert module.bias is None


def test_separable_fusions_have_biases_where_the_original_has():
    head = make_head(fusion_cfg=dict(type='mmseg_liteseg.SpatialUAFM', separable=True))
    conv = head.fusions[0].conv_skip
    assert conv.depthwise_conv.conv.bias is None
    assert conv.pointwise_conv.conv.bias is not None
    assert not conv.depthwise_conv.with_activation


@pytest.mark.parametrize(
    ('kwargs', 'field'),
    [
        (dict(decoder_channels=(4, 6)), 'decoder_channels must hold 3'),
        (dict(in_index=(0, 1, 2)), 'in_index must hold 4'),
        (dict(in_index=(0, 1, 2, -1)), 'in_index'),
        (dict(in_index=2), 'in_index'),
        (dict(aux_channels=(4, 4, 4)), 'aux_channels must hold at most 2'),
        (dict(aux_channels=(4, 0)), r'aux_channels\[1\]'),
        (dict(in_channels=(8,), in_index=(0,), decoder_channels=()), 'in_channels'),
        (dict(in_channels=8), 'in_channels'),
        (dict(aux_loss_weights=(1.0,)), 'aux_loss_weights must hold 2'),
        (dict(aux_loss_weights=(1.0, -1.0)), r'aux_loss_weights\[1\]'),
    ],
)
def test_exception_names_the_field(kwargs, field):
    with pytest.raises(ValueError, match=field):
        make_head(**kwargs)


def test_exception_unknown_fusion():
    with pytest.raises(KeyError, match='NoSuchFusion'):
        make_head(fusion_cfg=dict(type='mmseg_liteseg.NoSuchFusion'))


def test_exception_in_index_out_of_range():
    with pytest.raises(ValueError, match=r'in_index=\(0, 1, 2, 4\) is out of range: got 4 inputs'):
        make_head(in_index=(0, 1, 2, 4))(make_inputs())


@pytest.mark.parametrize('value', [3, 254, 77])
def test_exception_label_names_image_and_range(value):
    samples = make_samples(2, (32, 64), 3)
    samples[1].gt_sem_seg.data[0, 5, 7] = value
    samples[1].set_metainfo(dict(img_path='street/two.png'))
    with pytest.raises(ValueError, match=rf'labels \[{value}\] in street/two.png: expected 0..2 .* ignore_index=255'):
        make_head().loss(make_inputs(), samples, None)
