import pytest
import torch
import torch.nn.functional as F

from mmseg_liteseg.models import BoundaryCrossEntropyLoss, DiceLoss
from mmseg_liteseg.ops import Targets, dense_losses, ohem_sums
from mmseg_liteseg.ops.loss_terms import CrossEntropyTerm, DiceTerm
from tests.ops.test_ohem_loss import make_case


def modules():
    return [DiceLoss(class_weight=[0.5, 2.0, 1.0, 3.0, 0.1]), BoundaryCrossEntropyLoss(), DiceLoss(classes='all')]


def fast(logits, label, losses, align_corners=False):
    targets = Targets(label, 255)
    return dense_losses(logits, targets, [loss.term(targets) for loss in losses], align_corners)


def plain(logits, label, losses, align_corners=False):
    full = F.interpolate(logits, label.shape[1:], mode='bilinear', align_corners=align_corners)
    return [loss(full, label, ignore_index=255) for loss in losses]


@pytest.mark.parametrize('chunk', [1, 1 << 11, 1 << 19])
@pytest.mark.parametrize('sharp', [0.0, 8.0])
@pytest.mark.parametrize('align_corners', [False, True])
def test_parity(chunk, sharp, align_corners, monkeypatch):
    monkeypatch.setattr(ohem_sums, 'CHUNK', chunk)
    logits, label = make_case(sharp=sharp)
    found, expected = fast(logits, label, modules(), align_corners)[0], plain(logits, label, modules(), align_corners)
    torch.testing.assert_close(found, expected, rtol=2e-6, atol=1e-7)
    for factors in ((1, 0, 0), (0, 1, 0), (0.3, 2, 0.7)):
        gradients = [
            torch.autograd.grad(sum(f * v for f, v in zip(factors, values)), logits, retain_graph=True)[0]
            for values in (found, expected)
        ]
        tolerance = 2e-6 * float(gradients[1].abs().max())
        torch.testing.assert_close(*gradients, rtol=0, atol=tolerance)


@pytest.mark.parametrize(
    ('low', 'size'), [((1, 1), (9, 11)), ((5, 6), (37, 45)), ((8, 9), (4, 5)), ((2, 3), (64, 301))]
)
def test_parity_at_any_size(low, size):
    logits, label = make_case((2, 5, *low), size)
    torch.testing.assert_close(fast(logits, label, modules())[0], plain(logits, label, modules()), rtol=2e-6, atol=1e-7)


def test_gradcheck():
    logits, label = make_case((2, 3, 3, 4), (12, 15))
    logits = logits.detach().double().requires_grad_()
    targets = Targets(label, 255)
    weight = torch.rand(label.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * targets.valid
    terms = [CrossEntropyTerm(weight), DiceTerm(class_weight=torch.tensor([1.0, 0.3, 2.0]))]
    assert torch.autograd.gradcheck(lambda x: tuple(dense_losses(x, targets, terms)[0]), logits)


def test_half_precision_is_computed_in_full():
    logits, label = make_case()
    low = logits.detach().bfloat16().requires_grad_()
    with torch.autocast('cpu', dtype=torch.bfloat16):
        losses, _ = fast(low, label, modules())
        sum(losses).backward()
    expected, _ = fast(low.detach().float(), label, modules())
    assert all(torch.equal(a, b) for a, b in zip(losses, expected))
    assert low.grad.abs().sum() > 0


def test_everything_ignored_gives_zero():
    logits, label = make_case(ignored=2.0)
    losses, _ = fast(logits, label, modules()[:2])
    sum(losses).backward()
    assert [loss.item() for loss in losses] == [0, 0]
    assert logits.grad.eq(0).all()


def test_nan_is_seen():
    logits, label = make_case()
    with torch.no_grad():
        logits[0, 0, 2, 2] = float('nan')
    assert all(loss.isnan() for loss in fast(logits, label, modules())[0])


def test_without_gradient_nothing_is_kept_for_backward():
    logits, label = make_case()
    losses, accuracy = fast(logits.detach(), label, modules())
    assert not any(x.requires_grad for x in [*losses, accuracy])


def test_exception_names_the_shapes():
    _, label = make_case()
    with pytest.raises(ValueError, match=r'do not fit labels \(2, 48, 56\)'):
        fast(torch.zeros(3, 5, 6, 7), label, modules())
