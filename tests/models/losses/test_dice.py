import pytest
import torch

from mmseg_liteseg.models import DiceLoss
from tests.models.losses.cases import make_case, plain_dice


@pytest.mark.parametrize('smooth', [0, 1.0, 5.0])
@pytest.mark.parametrize('classes', ['present', 'all'])
@pytest.mark.parametrize('weight', [None, [0.5, 2.0, 1.0, 0.0]])
@pytest.mark.parametrize('absent', [None, 2])
def test_follows_the_formula(smooth, classes, weight, absent):
    logits, label = make_case(absent=absent)
    loss = DiceLoss(smooth=smooth, classes=classes, class_weight=weight, loss_weight=3.0)
    expected = plain_dice(logits, label, smooth, classes == 'present', weight)
    assert loss(logits, label, ignore_index=255).item() == pytest.approx(3 * expected, rel=1e-12)


def test_gradcheck():
    logits, label = make_case((1, 3, 3, 4), absent=1)
    loss = DiceLoss(class_weight=[1.0, 2.0, 0.5])
    assert torch.autograd.gradcheck(lambda x: loss(x, label), logits)


def test_a_sampler_does_not_reach_it():
    logits, label = make_case()
    assert torch.equal(DiceLoss()(logits, label, weight=torch.zeros(label.shape)), DiceLoss()(logits, label))


def test_nothing_valid_gives_zero():
    logits, label = make_case(ignored=2.0)
    loss = DiceLoss()(logits, label)
    loss.backward()
    assert loss.item() == 0
    assert logits.grad.eq(0).all()


def test_sigmoid_of_one_channel_and_of_masks():
    logits, label = make_case((2, 3, 4, 5))
    one, masks = (label != 255) & (label > 0), torch.stack([label == 0, label == 1, label == 2], 1).long()
    one = one.long().masked_fill(label == 255, 255)
    masks = masks.masked_fill((label == 255)[:, None], 255)
    for scores, target in ((logits[:, :1], one), (logits, masks)):
        prob, total = scores.sigmoid(), 0.0
        target4 = target if target.ndim == 4 else target[:, None]
        for c in range(scores.shape[1]):
            valid = target4[:, c] != 255
            p, t = prob[:, c][valid], target4[:, c][valid]
            total += 1 - (2 * (p * t).sum() + 1) / (p.sum() + t.sum() + 1)
        expected = total / scores.shape[1]
        torch.testing.assert_close(DiceLoss(use_sigmoid=True)(scores, target), expected)


@pytest.mark.parametrize(
    ('kwargs', 'field'),
    [
        (dict(smooth=-1), 'DiceLoss.smooth'),
        (dict(smooth='1'), 'DiceLoss.smooth'),
        (dict(classes='some'), 'DiceLoss.classes'),
        (dict(loss_weight=-0.1), 'DiceLoss.loss_weight'),
        (dict(loss_name='dice'), 'DiceLoss.loss_name'),
    ],
)
def test_exception_names_the_field(kwargs, field):
    with pytest.raises(ValueError, match=field):
        DiceLoss(**kwargs)
