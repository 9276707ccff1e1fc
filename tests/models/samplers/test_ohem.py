import json
from types import SimpleNamespace

import pytest
import torch
import torch.nn as nn
from mmseg.models.losses import CrossEntropyLoss, DiceLoss

from mmseg_liteseg.models import OHEMPixelSampler
from mmseg_liteseg.models.losses.base import average_factor
from tests.helpers import load_data

DATA = load_data('parity_ohem.npz')
CASES = json.loads(str(DATA['cases']))


def make_context(loss=None, ignore_index=255):
    return SimpleNamespace(ignore_index=ignore_index, loss_decode=loss or CrossEntropyLoss())


def ohem_loss(logits, label, loss=None, **kwargs):
    """Loss as BaseDecodeHead computes it; logits (N, C, H, W), label (N, H, W)."""
    context = make_context(loss)
    weight = OHEMPixelSampler(context, **kwargs).sample(logits, label.unsqueeze(1))
    average = average_factor(context.loss_decode, logits, label, 255)
    return context.loss_decode(logits, label, weight=weight, avg_factor=average, ignore_index=255)


def random_case(seed=0, ignored=0.2):
    rng = torch.Generator().manual_seed(seed)
    logits = torch.randn(2, 5, 12, 10, generator=rng, dtype=torch.float64) * 2
    label = torch.randint(0, 5, (2, 12, 10), generator=rng)
    label[torch.rand(label.shape, generator=rng) < ignored] = 255
    return logits.requires_grad_(), label  # in float64: rounding must not choose the hard pixels


def reference_loss(logits, label, thresh, min_kept, class_weight=None):
    """The original's formula, spelled out."""
    valid = label != 255
    true = label.where(valid, torch.zeros_like(label))
    prob = logits.softmax(1).gather(1, true[:, None])[:, 0]
    kept = valid
    if 0 < min_kept < valid.sum():
        kept = valid & (prob < max(thresh, prob[valid].sort().values[min_kept - 1].item()))
    weight = torch.ones(logits.shape[1]) if class_weight is None else torch.tensor(class_weight)
    loss = -prob.log() * weight[true] * kept
    return loss.mean() / (kept.float().mean() + 1e-5)


@pytest.mark.parametrize('name', CASES)
def test_parity(name):
    case = CASES[name]
    logits = torch.from_numpy(DATA[f'logits_{case["logits"]}']).double().requires_grad_()
    label = torch.from_numpy(DATA[f'label_{case["label"]}']).long()
    loss = ohem_loss(logits, label, thresh=case['thresh'], min_kept=case['min_kept'])
    loss.backward()
    # the original's log(softmax) in float32 is off by 8e-9 where the loss itself is 3e-3
    assert loss.item() == pytest.approx(case['loss'], rel=1e-6, abs=2e-8)
    assert int((logits.grad.abs().sum(1) > 0).sum()) == case['kept']
    expected = torch.from_numpy(DATA[f'grad_{name}']).double()
    torch.testing.assert_close(logits.grad[..., 1::3, ::3], expected, rtol=0, atol=4e-9)


@pytest.mark.parametrize('min_kept', [0, 1, 17, 100, 239, 10000])
@pytest.mark.parametrize('thresh', [0.0, 0.3, 0.7, 1.0])
def test_follows_the_formula(thresh, min_kept):
    logits, label = random_case()
    expected = reference_loss(logits, label, thresh, min_kept)
    torch.testing.assert_close(ohem_loss(logits, label, thresh=thresh, min_kept=min_kept), expected)


def test_min_kept_as_a_share():
    logits, label = random_case(ignored=0.0)
    share = ohem_loss(logits, label, thresh=0.1, min_kept=1 / 16)
    assert torch.equal(share, ohem_loss(logits, label, thresh=0.1, min_kept=2 * 12 * 10 // 16))
    assert not torch.equal(share, ohem_loss(logits, label, thresh=0.1, min_kept=200))


def test_nothing_valid_gives_zero():
    logits, label = random_case(ignored=2.0)
    loss = ohem_loss(logits, label, min_kept=10)
    loss.backward()
    assert loss.item() == 0
    assert torch.equal(logits.grad, torch.zeros_like(logits))


def test_class_weight_scales_only_the_numerator():
    class_weight = [0.5, 2.0, 1.0, 3.0, 0.1]
    logits, label = random_case()
    loss = ohem_loss(logits, label, CrossEntropyLoss(class_weight=class_weight), thresh=0.4, min_kept=30)
    expected = reference_loss(logits, label, 0.4, 30, class_weight)
    torch.testing.assert_close(loss, expected)


def test_several_losses_each_get_the_mean():
    losses = nn.ModuleList([CrossEntropyLoss(), CrossEntropyLoss(loss_weight=0.5, loss_name='loss_half')])
    OHEMPixelSampler(make_context(losses))


@pytest.mark.parametrize('shape', [(2, 1, 6, 7), (2, 3, 6, 7)], ids=['one logit', 'masks'])
@pytest.mark.parametrize(('thresh', 'min_kept'), [(0.7, 0), (0.3, 20), (0.9, 1 / 16)])
def test_sigmoid_follows_the_formula(shape, thresh, min_kept):
    rng = torch.Generator().manual_seed(0)
    logits, label = torch.randn(shape, generator=rng) * 2, torch.randint(0, 2, shape, generator=rng)
    label[torch.rand(shape, generator=rng) < 0.2] = 255
    loss = CrossEntropyLoss(use_sigmoid=True)
    context = make_context(loss)
    context.multi_label, context.out_channels = shape[1] > 1, shape[1]
    weight = OHEMPixelSampler(context, thresh=thresh, min_kept=min_kept).sample(logits, label)
    target = label if shape[1] > 1 else label[:, 0]
    found = loss(logits, target, weight=weight, ignore_index=255)

    valid = label != 255
    prob = torch.where(label == 1, logits.sigmoid(), 1 - logits.sigmoid())[valid]
    kept = int(min_kept * label.numel()) if min_kept < 1 else min_kept
    hard = (
        prob < max(thresh, prob.sort().values[kept - 1].item()) if 0 < kept < len(prob) else torch.ones_like(prob) > 0
    )
    expected = -(prob.log() * hard).sum() / (hard.sum() + 1e-5 * label.numel())
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(
    ('kwargs', 'field'),
    [
        (dict(thresh=1.5), 'thresh'),
        (dict(thresh=-0.1), 'thresh'),
        (dict(min_kept=-1), 'min_kept'),
        (dict(min_kept=1.5), 'min_kept'),
    ],
)
def test_exception_names_the_field(kwargs, field):
    with pytest.raises(ValueError, match=field):
        OHEMPixelSampler(make_context(), **kwargs)


@pytest.mark.parametrize(
    ('loss', 'message'),
    [
        (CrossEntropyLoss(avg_non_ignore=True), 'avg_non_ignore'),
        (CrossEntropyLoss(reduction='sum'), 'reduction'),
        (CrossEntropyLoss(use_sigmoid=True), 'softmax CrossEntropyLoss'),
        (DiceLoss(), 'DiceLoss'),
        (nn.ModuleList([CrossEntropyLoss(), DiceLoss()]), 'DiceLoss'),
        (nn.ModuleList([CrossEntropyLoss(), CrossEntropyLoss(class_weight=[1.0, 2.0])]), 'class_weight'),
    ],
)
def test_exception_wrong_combination(loss, message):
    with pytest.raises(ValueError, match=message):
        OHEMPixelSampler(make_context(loss))
