import pytest
import torch

from mmseg_liteseg.models import BoundaryCrossEntropyLoss
from mmseg_liteseg.models.losses.boundary import find_edges
from tests.models.losses.cases import make_case, plain_boundary


@pytest.mark.parametrize('kernel', [3, 5])
@pytest.mark.parametrize('weight', [None, [0.5, 2.0, 1.0, 0.25]])
@pytest.mark.parametrize(('base', 'edge'), [(0.5, 0.5), (1.0, 0.0), (0.0, 2.0)])
def test_follows_the_formula(kernel, weight, base, edge):
    logits, label = make_case((2, 4, 12, 14))
    loss = BoundaryCrossEntropyLoss(kernel, base, edge, weight, loss_weight=0.7)
    expected = plain_boundary(logits, label, kernel, base, edge, weight)
    assert loss(logits, label, ignore_index=255).item() == pytest.approx(0.7 * expected, rel=1e-6)


def test_gradcheck():
    logits, label = make_case((1, 3, 4, 5))
    loss = BoundaryCrossEntropyLoss(3, class_weight=[1.0, 2.0, 0.5])
    assert torch.autograd.gradcheck(lambda x: loss(x, label), logits)


def test_ignored_pixels_make_no_edge():
    label = torch.tensor([[[0, 0, 255, 1, 1, 1, 255, 1, 0, 0]]])
    edges = find_edges(label.where(label != 255, 0), label != 255, 3)
    assert edges.int().tolist() == [[[0, 0, 0, 0, 0, 0, 0, 1, 1, 0]]]
    edges = find_edges(label.where(label != 255, 0), label != 255, 5)  # across the ignored pixel
    assert edges.int().tolist() == [[[0, 1, 0, 1, 0, 0, 0, 1, 1, 1]]]


def test_without_edges_the_mean_over_all_remains():
    logits, label = make_case()
    label.fill_(1)
    expected = 0.5 * torch.nn.functional.cross_entropy(logits, label)
    torch.testing.assert_close(BoundaryCrossEntropyLoss()(logits, label), expected)


def test_nothing_valid_gives_zero():
    logits, label = make_case(ignored=2.0)
    loss = BoundaryCrossEntropyLoss()(logits, label)
    loss.backward()
    assert loss.item() == 0
    assert logits.grad.eq(0).all()


@pytest.mark.parametrize(
    ('kwargs', 'field'),
    [
        (dict(kernel_size=4), 'kernel_size'),
        (dict(kernel_size=1), 'kernel_size'),
        (dict(base_weight=-1), 'base_weight'),
        (dict(edge_weight='1'), 'edge_weight'),
    ],
)
def test_exception_names_the_field(kwargs, field):
    with pytest.raises(ValueError, match=f'BoundaryCrossEntropyLoss.{field}'):
        BoundaryCrossEntropyLoss(**kwargs)
