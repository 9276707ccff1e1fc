from __future__ import annotations

import math

import pytest
import torch

from mmseg_liteseg.errors import SettingError

pytestmark = pytest.mark.usefixtures('torchvision')


def kl(p, q):
    return (p * (p / q).log()).sum(1)


@pytest.mark.parametrize('kind', ['js', 'symmetric_kl'])
def test_parity_with_the_plain_formula_and_its_gradient(kind):
    from mmseg_liteseg.pretrain import JSDivergence

    torch.manual_seed(0)
    student, teacher = (torch.randn(5, 7, dtype=torch.float64, requires_grad=True) for _ in range(2))
    p, q = student.softmax(1), teacher.softmax(1)
    m = (p + q) / 2
    expected = ((kl(p, m) + kl(q, m)) / 2 if kind == 'js' else (kl(p, q) + kl(q, p)) / 2).mean()
    loss = JSDivergence(kind, loss_weight=3.0)(student, teacher)
    torch.testing.assert_close(loss, 3 * expected)
    for ours, plain in zip(
        torch.autograd.grad(loss, (student, teacher)), torch.autograd.grad(expected, (student, teacher))
    ):
        torch.testing.assert_close(ours, 3 * plain)


def test_symmetric_bounded_and_zero_for_equals():
    from mmseg_liteseg.pretrain import js_divergence

    torch.manual_seed(0)
    a, b = torch.randn(2, 6, 9, dtype=torch.float64) * 20
    torch.testing.assert_close(js_divergence(a, b), js_divergence(b, a))
    assert (js_divergence(a, b) <= math.log(2) + 1e-12).all()
    assert (js_divergence(a, b) > 0).all()
    assert js_divergence(a, a + 3).abs().max() < 1e-12


def test_certain_and_opposite_predictions_stay_finite():
    from mmseg_liteseg.pretrain import js_divergence

    student = torch.tensor([[1e4, -1e4]], requires_grad=True)
    value = js_divergence(student, -student.detach())
    torch.testing.assert_close(value, torch.tensor([math.log(2)]))
    value.sum().backward()
    assert torch.isfinite(student.grad).all()


def test_half_precision_is_computed_in_float32():
    from mmseg_liteseg.pretrain import js_divergence

    a, b = torch.tensor([[1.0, 0.99, 0.5]]), torch.tensor([[1.0, 0.98, 0.5]])
    assert js_divergence(a.half(), b.half()).dtype == torch.float32
    torch.testing.assert_close(js_divergence(a.half(), b.half()), js_divergence(a.half().float(), b.half().float()))


def test_exceptions_name_the_field():
    from mmseg_liteseg.pretrain import JSDivergence

    with pytest.raises(SettingError, match=r"divergence.kind must be one of .*'kl'"):
        JSDivergence('kl')
    with pytest.raises(SettingError, match=r'\(2, 4\).*\(2, 5\).*model.head.num_classes'):
        JSDivergence()(torch.zeros(2, 4), torch.zeros(2, 5))
