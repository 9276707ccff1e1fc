import json
from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F
from mmseg.models.losses import CrossEntropyLoss, accuracy

from mmseg_liteseg.models import OHEMPixelSampler
from mmseg_liteseg.models.losses.base import average_factor
from mmseg_liteseg.ops import Targets, ohem_cross_entropy, ohem_sums
from mmseg_liteseg.ops.kernel_checks import widest_gap
from tests.helpers import load_data

DATA = load_data('parity_ohem.npz')
CASES = json.loads(str(DATA['cases']))


def plain(logits, label, thresh, min_kept, align_corners=False, class_weight=None):
    """Loss and accuracy as BaseDecodeHead computes them."""
    loss = CrossEntropyLoss(class_weight=class_weight)
    sampler = OHEMPixelSampler(SimpleNamespace(ignore_index=255, loss_decode=loss), thresh=thresh, min_kept=min_kept)
    logits = F.interpolate(logits, label.shape[1:], mode='bilinear', align_corners=align_corners)
    weight = sampler.sample(logits, label[:, None])
    average = average_factor(loss, logits, label, 255)
    mean = loss(logits, label, weight=weight, avg_factor=average, ignore_index=255)
    return mean, accuracy(logits, label, ignore_index=255)


def fused(logits, label, thresh, min_kept, align_corners=False, class_weight=None):
    if class_weight is not None:
        class_weight = torch.tensor(class_weight)
    return ohem_cross_entropy(logits, Targets(label, 255), thresh, min_kept, align_corners, class_weight)


def make_case(shape=(2, 5, 6, 7), size=(48, 56), sharp=0.0, ignored=0.2, seed=0):
    """Logits (N, C, h, w) that fit the labels (N, H, W) the more, the larger ``sharp`` is."""
    rng = torch.Generator().manual_seed(seed)
    label = torch.randint(0, shape[1], (shape[0], 1, 3, 4), generator=rng)
    label = F.interpolate(label.float(), size).long()[:, 0]
    right = F.interpolate(F.one_hot(label, shape[1]).permute(0, 3, 1, 2).float(), shape[2:], mode='area')
    logits = torch.randn(shape, generator=rng) + sharp * right
    label[torch.rand(label.shape, generator=rng) < ignored] = 255
    return logits.requires_grad_(), label


def assert_same(case, tolerance=1e-6, **kwargs):
    logits, label = case
    loss, acc = fused(logits, label, **kwargs)
    expected, expected_acc = plain(logits, label, **kwargs)
    torch.testing.assert_close(loss.to(expected), expected, rtol=tolerance, atol=1e-9)
    torch.testing.assert_close(acc, expected_acc, rtol=1e-6, atol=0)
    (gradient,) = torch.autograd.grad(loss * 3, logits)
    (expected,) = torch.autograd.grad(expected * 3, logits)
    torch.testing.assert_close(gradient, expected, rtol=0, atol=tolerance * float(expected.abs().max()) + 1e-12)
    return gradient


@pytest.mark.parametrize('chunk', [1, 1 << 11, 1 << 19])
@pytest.mark.parametrize('sharp', [0.0, 8.0], ids=['many hard', 'few hard'])
@pytest.mark.parametrize('min_kept', [0, 1, 300, 2000, 4000, 10**9])
def test_parity(min_kept, sharp, chunk, monkeypatch):
    monkeypatch.setattr(ohem_sums, 'CHUNK', chunk)
    logits, label = make_case(sharp=sharp)
    # in float64, so that rounding does not choose the hard pixels; at this ratio float32's positions are exact
    logits = logits.detach().double().requires_grad_()
    gradient = assert_same((logits, label), thresh=0.7, min_kept=min_kept)
    assert gradient.abs().sum() > 0


@pytest.mark.parametrize('align_corners', [False, True])
@pytest.mark.parametrize(
    ('low', 'size'), [((1, 1), (9, 11)), ((5, 6), (37, 45)), ((3, 2), (3, 2)), ((8, 9), (4, 5)), ((2, 3), (64, 301))]
)
def test_parity_at_any_size(low, size, align_corners):
    logits, label = make_case((2, 4, *low), size)
    full = F.interpolate(logits.detach(), size, mode='bilinear', align_corners=align_corners)
    prob = full.softmax(1).gather(1, (label % 255)[:, None])[:, 0][label != 255]
    thresh = widest_gap(prob, 0.2, 0.8)  # no probability is so close that rounding decides about a pixel
    # at odd ratios the backward of F.interpolate rounds positions, of 301 pixels at most, otherwise than its forward
    assert_same((logits, label), 3e-5, thresh=thresh, min_kept=17, align_corners=align_corners)


@pytest.mark.parametrize('sharp', [0.0, 8.0])
def test_parity_with_class_weight(sharp):
    logits, label = make_case(sharp=sharp)
    logits = logits.detach().double().requires_grad_()
    assert_same((logits, label), thresh=0.5, min_kept=500, class_weight=[0.5, 2.0, 1.0, 3.0, 0.0])


@pytest.mark.parametrize('name', CASES)
def test_parity_with_the_original(name):
    case = CASES[name]
    logits = torch.from_numpy(DATA[f'logits_{case["logits"]}']).double().requires_grad_()
    label = torch.from_numpy(DATA[f'label_{case["label"]}']).long()
    loss, _ = fused(logits, label, case['thresh'], case['min_kept'])
    loss.backward()
    # in float64 it is 8e-9 from the original where nearly all probabilities round to 1
    assert loss.item() == pytest.approx(case['loss'], rel=1e-6, abs=2e-8)
    assert int((logits.grad.abs().sum(1) > 0).sum()) == case['kept']
    expected = torch.from_numpy(DATA[f'grad_{name}']).double()
    torch.testing.assert_close(logits.grad[..., 1::3, ::3], expected, rtol=0, atol=4e-9)


@pytest.mark.parametrize('align_corners', [False, True])
@pytest.mark.parametrize(('sharp', 'min_kept'), [(0.0, 50), (8.0, 50), (0.0, 0)])
def test_gradcheck(sharp, min_kept, align_corners):
    logits, label = make_case((2, 3, 3, 4), (12, 15), sharp)
    logits = logits.detach().double().requires_grad_()
    weight = [1.0, 0.3, 2.0]
    assert torch.autograd.gradcheck(
        lambda x: fused(x, label, 0.6, min_kept, align_corners, weight)[0], logits, eps=1e-7, atol=1e-6
    )


def test_half_precision_is_computed_in_full():
    logits, label = make_case()
    low = logits.detach().bfloat16().requires_grad_()
    with torch.autocast('cpu', dtype=torch.bfloat16):
        loss, _ = fused(low, label, 0.7, 300)
        loss.backward()
    expected, _ = fused(low.detach().float(), label, 0.7, 300)
    assert loss.dtype == torch.float32
    assert torch.equal(loss, expected)
    assert low.grad.dtype == torch.bfloat16
    assert low.grad.abs().sum() > 0


def test_autocast_around_float_logits_changes_nothing():
    logits, label = make_case()
    with torch.autocast('cpu', dtype=torch.bfloat16):
        loss, _ = fused(logits, label, 0.7, 300)
    assert torch.equal(loss, fused(logits, label, 0.7, 300)[0])


def test_everything_ignored_gives_zero():
    logits, label = make_case(ignored=2.0)
    loss, acc = fused(logits, label, 0.7, 10)
    loss.backward()
    assert loss.item() == 0
    assert logits.grad.eq(0).all()
    torch.testing.assert_close(acc, plain(logits, label, 0.7, 10)[1])


def test_nan_is_seen_in_the_loss():
    logits, label = make_case()
    with torch.no_grad():
        logits[0, 0, 2, 2] = float('nan')
    assert fused(logits, label, 0.7, 300)[0].isnan()


def test_without_gradient_nothing_is_kept_for_backward():
    logits, label = make_case()
    loss, _ = fused(logits.detach(), label, 0.7, 300)
    assert not loss.requires_grad


def test_accuracy_where_all_logits_are_equal():
    logits, label = make_case((2, 19, 6, 7))
    logits = logits.detach()
    logits[:, :, 1:4] = 0
    torch.testing.assert_close(fused(logits, label, 0.7, 300)[1], plain(logits, label, 0.7, 300)[1])


def test_accuracy_has_no_gradient():
    assert not fused(*make_case(), 0.7, 300)[1].requires_grad


def test_nothing_of_full_size_with_classes_is_made(monkeypatch):
    logits, label = make_case((1, 5, 6, 7), (96, 112))
    monkeypatch.setattr(ohem_sums, 'CHUNK', 5 * 112 * 8)
    largest = 0

    class Watch(torch.utils._python_dispatch.TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            nonlocal largest
            out = func(*args, **(kwargs or {}))
            for x in out if isinstance(out, (tuple, list)) else [out]:
                if isinstance(x, torch.Tensor):
                    largest = max(largest, x.untyped_storage().nbytes())
            return out

    targets = Targets(label, 255)
    with Watch():
        ohem_cross_entropy(logits, targets, 0.7, 300)[0].backward()
    assert 0 < largest <= 96 * 112 * 8  # the labels; full-size logits take 20 bytes per pixel


@pytest.mark.parametrize('shape', [(3, 5, 6, 7), (2, 4, 6, 7), (5, 6, 7)])
def test_exception_names_the_shapes(shape):
    _, label = make_case()
    label[0, 0, 0] = 4
    with pytest.raises(ValueError, match=r'do not fit labels \(2, 48, 56\)'):
        fused(torch.zeros(shape), label, 0.7, 300)
