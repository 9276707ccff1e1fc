import math

import pytest
import torch

from mmseg_liteseg.ops.distillation import kl_divergence


def make_case(shape=(2, 3, 4, 5), dtype=torch.float64):
    rng = torch.Generator().manual_seed(0)
    student, teacher = (torch.randn(shape, generator=rng, dtype=dtype) * 3 for _ in range(2))
    weight = (torch.rand((shape[0], *shape[2:]), generator=rng) < 0.6).to(dtype)
    return student.requires_grad_(), teacher, weight


def plain(student, teacher, temperature, weight):
    """Pixel by pixel in Python."""
    total = norm = 0.0
    for n, y, x in ((n, y, x) for n in range(2) for y in range(4) for x in range(5)):
        w = 1.0 if weight is None else weight[n, y, x].item()
        p, q = (
            [math.exp(v / temperature) / sum(math.exp(u / temperature) for u in z) for v in z]
            for z in (student[n, :, y, x].tolist(), teacher[n, :, y, x].tolist())
        )
        total += w * sum(b * math.log(b / a) for a, b in zip(p, q))
        norm += w
    return temperature**2 * total / norm


@pytest.mark.parametrize('temperature', [1.0, 2.5])
@pytest.mark.parametrize('weighted', [False, True])
def test_follows_the_formula(temperature, weighted):
    student, teacher, weight = make_case()
    weight = weight if weighted else None
    found = kl_divergence(student, teacher, temperature, weight)
    assert found.item() == pytest.approx(plain(student, teacher, temperature, weight), rel=1e-12)


@pytest.mark.parametrize('temperature', [1.0, 3.0])
def test_gradcheck(temperature):
    student, teacher, weight = make_case((2, 3, 2, 3))
    assert torch.autograd.gradcheck(lambda x: kl_divergence(x, teacher, temperature, weight), student)


def test_same_prediction_is_zero():
    student, _, _ = make_case()
    loss = kl_divergence(student, student.detach() + 7)
    loss.backward()
    assert loss.item() == pytest.approx(0, abs=1e-12)
    assert student.grad.abs().max() < 1e-12


def test_no_pixel_gives_zero():
    student, teacher, weight = make_case()
    loss = kl_divergence(student, teacher, 1.0, torch.zeros_like(weight))
    loss.backward()
    assert loss.item() == 0
    assert student.grad.eq(0).all()


def test_half_precision_is_computed_in_full():
    student, teacher, _ = make_case(dtype=torch.float32)
    low = student.detach().bfloat16().requires_grad_()
    with torch.autocast('cpu', dtype=torch.bfloat16):
        loss = kl_divergence(low, teacher)
        loss.backward()
    assert torch.equal(loss, kl_divergence(low.detach().float(), teacher))
    assert low.grad.abs().sum() > 0


def test_exception_names_the_shapes():
    student, teacher, _ = make_case()
    with pytest.raises(ValueError, match=r'\(2, 3, 4, 5\) and the teacher.s \(2, 3, 4, 4\)'):
        kl_divergence(student, teacher[..., :4])
