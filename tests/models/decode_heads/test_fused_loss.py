"""mmseg's own heads with fused losses: values and gradients of the host, in float64."""

import copy
import pickle
from contextlib import contextmanager, nullcontext

import pytest
import torch
from mmengine.registry import init_default_scope
from torch import nn

from mmseg_liteseg.models.decode_heads.fused_loss import fuse_losses
from mmseg_liteseg.registry import MODELS
from tests.helpers import make_samples

CE = dict(type='CrossEntropyLoss', use_sigmoid=False, loss_weight=0.7)
WEIGHTED = dict(CE, class_weight=[0.5, 1.0, 2.0, 1.5, 0.8])
OHEM = dict(type='OhemCrossEntropy', thres=0.3, min_kept=50, loss_weight=0.4)
HOST = dict(type='OHEMPixelSampler', thresh=0.3, min_kept=40)
OURS = dict(type='mmseg_liteseg.OHEMPixelSampler', thresh=0.3, min_kept=60)
COMMON = dict(channels=6, num_classes=5, norm_cfg=dict(type='BN'), dropout_ratio=0)
FCN = dict(COMMON, type='FCNHead', in_channels=8, num_convs=1)
DDR = dict(COMMON, type='DDRHead', in_channels=8)
# without a conv_seg
SEGMENTER = dict(COMMON, type='SegmenterMaskTransformerHead', in_channels=8, norm_cfg=dict(type='LN'))
SEGMENTER.update(num_layers=1, num_heads=1, embed_dims=6)
SEGFORMER = dict(COMMON, type='SegformerHead', in_channels=[8, 8], in_index=[0, 1])
CASES = {
    'plain': dict(FCN, loss_decode=CE),
    'align corners': dict(FCN, loss_decode=CE, align_corners=True),
    'non-ignored': dict(FCN, loss_decode=dict(CE, avg_non_ignore=True)),
    'weights': dict(FCN, loss_decode=WEIGHTED),
    'two losses': dict(FCN, loss_decode=[dict(CE, loss_name='loss_a'), dict(WEIGHTED, loss_name='loss_b')]),
    'OHEM of mmseg': dict(FCN, loss_decode=CE, sampler=HOST),
    # more than lie below the threshold, fewer than all: the rank decides
    'OHEM of mmseg, by rank': dict(FCN, loss_decode=CE, sampler=dict(HOST, thresh=0.01, min_kept=1500)),
    'DDR, by rank': dict(DDR, loss_decode=[dict(OHEM, thres=0.01, min_kept=3000), OHEM]),
    'OHEM of mmseg, all kept': dict(FCN, loss_decode=CE, sampler=dict(HOST, min_kept=100000)),
    'OHEM of mmseg, below the threshold': dict(FCN, loss_decode=CE, sampler=dict(HOST, thresh=0.9)),
    'OHEM of mmseg, weights': dict(FCN, loss_decode=dict(WEIGHTED, avg_non_ignore=False), sampler=HOST),
    'OHEM of mmseg, non-ignored': dict(FCN, loss_decode=dict(CE, avg_non_ignore=True), sampler=HOST),
    'OHEM of ours': dict(FCN, loss_decode=CE, sampler=OURS),
    'Segmenter': dict(SEGMENTER, loss_decode=CE),
    'Segmenter, OHEM of mmseg': dict(SEGMENTER, loss_decode=CE, sampler=HOST),
    'SegFormer': dict(SEGFORMER, loss_decode=CE),
    'DDR': dict(DDR, loss_decode=[OHEM, dict(OHEM, min_kept=100000, class_weight=WEIGHTED['class_weight'])]),
    'DDR, below the threshold': dict(DDR, loss_decode=[dict(OHEM, thres=0.9), OHEM]),
}
# The largest probability is the threshold, and pixels as probable tie: rounding decides about them.
THE_LAST_DECIDES = ('OHEM of mmseg, all kept', 'DDR')


def ignore_borders(samples):
    """Leaves out the pixels from the middle of the outermost logits outwards, which repeat each other."""
    for sample in samples:
        inner = sample.gt_sem_seg.data[:, 4:-4, 4:-4].clone()
        sample.gt_sem_seg.data.fill_(255)
        sample.gt_sem_seg.data[:, 4:-4, 4:-4] = inner


def build(cfg):
    """A model with this head alone, in float64 and training."""
    init_default_scope('mmseg')
    torch.manual_seed(0)
    model = nn.Module()
    model.decode_head = MODELS.build(copy.deepcopy(cfg))
    for parameter in model.parameters():  # mmseg's classifiers start at N(0, 0.01): all classes alike
        nn.init.normal_(parameter, std=0.7)
    return model.double().train()


def features(cfg):
    rng = torch.Generator().manual_seed(1)
    make = lambda *shape: torch.randn(2, *shape, generator=rng, dtype=torch.float64)  # noqa: E731
    if cfg['type'] == 'DDRHead':
        return make(4, 5, 7), make(8, 5, 7)
    return [make(8, 5, 7), make(8, 3, 4)] if cfg['type'] == 'SegformerHead' else [make(8, 5, 7)]


def run(model, cfg, samples):
    """Losses and gradients of all parameters."""
    losses = model.decode_head.loss(features(cfg), samples, None)
    sum(value for name, value in losses.items() if 'loss' in name).backward()
    return losses, {name: parameter.grad for name, parameter in model.named_parameters()}


@contextmanager
def weights_of_ignored_pixels_allowed():
    """Skips where mmseg's own loss fails: 1.2 looks up the class weight of ignored pixels, which has none."""
    try:
        yield
    except IndexError:
        pytest.skip('this mmseg looks up the class weight of ignored pixels, which has none')


def dense(monkeypatch):
    """Notices whether full-size logits are made."""
    import mmseg.models.decode_heads.ddr_head
    import mmseg.models.decode_heads.decode_head

    calls = []
    for module in (mmseg.models.decode_heads.ddr_head, mmseg.models.decode_heads.decode_head):
        original = module.resize
        monkeypatch.setattr(module, 'resize', lambda *a, f=original, **k: calls.append(1) or f(*a, **k))
    return calls


@pytest.mark.parametrize('name', CASES)
def test_as_the_host(name, monkeypatch):
    cfg, samples = CASES[name], make_samples(2, (37, 52), 5)
    if name in THE_LAST_DECIDES:
        ignore_borders(samples)
    host, ours = build(cfg), build(cfg)
    assert fuse_losses(ours) == ['decode_head']
    assert ours.state_dict().keys() == host.state_dict().keys()
    calls = dense(monkeypatch)
    with weights_of_ignored_pixels_allowed():
        expected, gradients = run(host, cfg, samples)
    assert calls
    calls.clear()
    found, ours_gradients = run(ours, cfg, samples)
    assert not calls
    assert found.keys() == expected.keys()
    for key, value in expected.items():
        torch.testing.assert_close(found[key].double(), value.double(), rtol=1e-6, atol=1e-9, msg=key)
    # weights of pixels are float32: 6e-8 of the largest terms, which may cancel
    largest = max(gradient.abs().max().item() for gradient in gradients.values() if gradient is not None)
    for key, gradient in gradients.items():
        if gradient is not None:
            torch.testing.assert_close(ours_gradients[key], gradient, rtol=1e-6, atol=1e-6 * largest, msg=key)


@pytest.mark.parametrize('name', ['plain', 'non-ignored', 'two losses', 'OHEM of mmseg', 'SegFormer', 'DDR'])
@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
@pytest.mark.parametrize('mixed', [False, True])
def test_half_precision_gives_the_hosts_types(name, dtype, mixed):
    cfg, samples = CASES[name], make_samples(2, (37, 52), 5)
    host, ours = build(cfg), build(cfg)
    fuse_losses(ours)
    found = []
    for model in (host, ours):
        model.to(torch.float32 if mixed else dtype)
        inputs = features(cfg)
        inputs = type(inputs)(x.to(torch.float32 if mixed else dtype) for x in inputs)
        allowed = weights_of_ignored_pixels_allowed() if model is host else nullcontext()
        with torch.autocast('cpu', dtype, enabled=mixed), allowed:
            losses = model.decode_head.loss(inputs, samples, None)
        sum(value for key, value in losses.items() if 'loss' in key).backward()
        found.append(losses)
        assert all(p.grad.isfinite().all() for p in model.parameters() if p.grad is not None)
    for key, value in found[0].items():
        assert found[1][key].dtype == value.dtype, key
        # the host rounds the upsampled logits and their losses to 8 or 11 bits, and the threshold may fall otherwise
        torch.testing.assert_close(found[1][key], value, rtol=0.03, atol=1.0 if 'acc' in key else 0.01, msg=key)


@pytest.mark.parametrize('name', ['plain', 'OHEM of mmseg', 'DDR'])
def test_nothing_to_learn_from(name):
    cfg, samples = CASES[name], make_samples(2, (37, 52), 5)
    for sample in samples:
        sample.gt_sem_seg.data.fill_(255)
    host, ours = build(cfg), build(cfg)
    fuse_losses(ours)
    expected, found = (model.decode_head.loss(features(cfg), samples, None) for model in (host, ours))
    for key in expected:
        if 'loss' in key:
            assert found[key].item() == pytest.approx(expected[key].item(), abs=1e-9)


@pytest.mark.parametrize(
    'cfg',
    [
        dict(FCN, loss_decode=[CE, dict(type='DiceLoss', loss_name='loss_dice')]),
        dict(FCN, loss_decode=CE, sampler=dict(type='OHEMPixelSampler', min_kept=50)),
        dict(FCN, loss_decode=dict(CE, use_sigmoid=True)),
    ],
    ids=['another loss', 'OHEM by loss', 'sigmoid'],
)
def test_what_cannot_be_fused_stays_the_hosts(cfg, monkeypatch):
    samples = make_samples(2, (37, 52), 5)
    host, ours = build(cfg), build(cfg)
    fuse_losses(ours)
    calls = dense(monkeypatch)
    expected, _ = run(host, cfg, samples)
    found, _ = run(ours, cfg, samples)
    assert len(calls) == 2
    assert {key: value.tolist() for key, value in found.items()} == {k: v.tolist() for k, v in expected.items()}


def test_heads_with_a_loss_of_their_own_are_left_alone():
    model = nn.Module()
    model.decode_head = MODELS.build(dict(type='mmseg_liteseg.FLDHead', num_classes=3))
    assert fuse_losses(model) == []
    assert type(model.decode_head).__name__ == 'FLDHead'


@pytest.mark.parametrize('name', ['plain', 'DDR'])
@pytest.mark.parametrize('copied', [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_fused_heads_are_copied(name, copied):
    init_default_scope('mmseg')
    model = nn.Module()
    model.decode_head = MODELS.build(dict(CASES[name]))
    fuse_losses(model)
    model.decode_head.marked = True
    again = copied(model).decode_head
    assert type(again) is type(model.decode_head)
    assert again.marked
    assert again.state_dict().keys() == model.decode_head.state_dict().keys()
    assert all(torch.equal(a, b) for a, b in zip(again.parameters(), model.decode_head.parameters()))
    assert again.conv_seg.weight is not model.decode_head.conv_seg.weight


@pytest.mark.parametrize('classes', [2, 150, 300])
@pytest.mark.parametrize('ignored', [-1, 0, 254])
def test_any_number_of_classes_and_any_ignored_label(classes, ignored):
    cfg = dict(CASES['plain'], num_classes=classes, ignore_index=ignored)
    samples = make_samples(2, (37, 52), min(classes, 254))
    for sample in samples:
        label = sample.gt_sem_seg.data
        label[label == 255] = ignored
    host, ours = build(cfg), build(cfg)
    assert fuse_losses(ours) == ['decode_head']
    expected, gradients = run(host, cfg, samples)
    found, ours_gradients = run(ours, cfg, samples)
    for key, value in expected.items():
        torch.testing.assert_close(found[key].double(), value.double(), rtol=1e-6, atol=1e-9, msg=key)
    name = 'decode_head.conv_seg.weight'
    scale = gradients[name].abs().max().item()
    torch.testing.assert_close(ours_gradients[name], gradients[name], rtol=1e-6, atol=1e-6 * scale)
