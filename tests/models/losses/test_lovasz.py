import pytest
import torch

from mmseg_liteseg.models import LovaszLoss
from tests.models.losses.cases import make_case, plain_lovasz


@pytest.mark.parametrize('weight', [None, [0.5, 2.0, 1.0, 0.25]])
@pytest.mark.parametrize('absent', [None, 2])
def test_follows_the_definition(weight, absent):
    logits, label = make_case(absent=absent)
    loss = LovaszLoss(class_weight=weight, loss_weight=0.5)(logits, label, ignore_index=255)
    assert loss.item() == pytest.approx(0.5 * plain_lovasz(logits, label, weight), rel=1e-6)


def test_per_image_is_the_mean_over_images():
    logits, label = make_case()
    expected = sum(plain_lovasz(logits[i : i + 1], label[i : i + 1]) for i in range(2)) / 2
    assert LovaszLoss(per_image=True)(logits, label).item() == pytest.approx(expected, rel=1e-6)


def test_gradcheck():
    """In float32, which is all mmseg's functions know; the loss is smooth as long as no two errors change places."""
    logits, label = make_case((1, 3, 3, 4))
    loss, step = LovaszLoss(), 1e-2
    (gradient,) = torch.autograd.grad(loss(logits, label), logits)
    for i in range(logits.numel()):
        offset = torch.zeros(logits.numel(), dtype=logits.dtype)
        offset[i] = step
        ahead, behind = (loss(logits + sign * offset.reshape(logits.shape), label).item() for sign in (1, -1))
        assert gradient.reshape(-1)[i].item() == pytest.approx((ahead - behind) / (2 * step), abs=2e-3)


@pytest.mark.parametrize('channels', [1, 4])
@pytest.mark.parametrize('valid', [0, 1])
def test_few_valid_pixels(channels, valid):
    _, label = make_case()
    logits = torch.zeros(len(label), channels, *label.shape[1:], requires_grad=True)
    label.fill_(255)
    label.view(-1)[:valid] = 0
    loss = LovaszLoss()(logits, label)
    loss.backward()
    assert loss.shape == ()
    assert (loss.item() > 0) == bool(valid)
    assert (logits.grad.abs().sum() > 0) == bool(valid)


def test_one_channel_takes_the_hinge():
    logits = torch.tensor([[[[2.0, -2.0, 0.5]]]])
    # margins 1 - 2, 1 - 2 and 1 + 0.5; the third is wrong, and missing it leaves half of the union
    assert LovaszLoss()(logits, torch.tensor([[[1, 0, 0]]])).item() == pytest.approx(1.5 * 0.5)


def test_exception_names_the_field():
    with pytest.raises(ValueError, match=r'LovaszLoss\.classes'):
        LovaszLoss(classes=[0, 1])
