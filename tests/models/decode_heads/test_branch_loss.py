import pytest
import torch
from mmseg.models.decode_heads.decode_head import BaseDecodeHead

from mmseg_liteseg.models import FLDHead
from mmseg_liteseg.models.decode_heads import branch_loss
from mmseg_liteseg.models.decode_heads.branch_loss import BranchLoss, make_branch_loss, scale_losses
from tests.helpers import make_samples
from tests.models.decode_heads.test_fld_head import make_head, make_inputs

OHEM = dict(type='mmseg_liteseg.OHEMPixelSampler', thresh=0.7, min_kept=300)
CE = dict(type='mmseg.CrossEntropyLoss')
DICE = dict(type='mmseg_liteseg.DiceLoss')
BOUNDARY = dict(type='mmseg_liteseg.BoundaryCrossEntropyLoss')
LOVASZ = dict(type='mmseg_liteseg.LovaszLoss')


def samples_for(head):
    samples = make_samples(2, (32, 64), 3)
    for sample in samples:
        sample.gt_sem_seg.data[sample.gt_sem_seg.data == 255] = head.ignore_index
    return samples


def both_ways(head, monkeypatch):
    """Losses and gradients of a head: the fast way, and by its loss modules on full-size logits."""
    samples, results = samples_for(head), []
    for fast in (True, False):
        if not fast:
            monkeypatch.setattr(branch_loss, 'can_mine', lambda *_: False)
            monkeypatch.setattr(branch_loss, 'make_term', lambda *_: None)
        head.zero_grad()
        torch.manual_seed(0)
        losses = head.loss([x.double() for x in make_inputs()], samples, None)
        sum(v for k, v in losses.items() if 'loss' in k).backward()
        results.append((losses, {k: p.grad.clone() for k, p in head.named_parameters()}))
    return results


def ways(head):
    """How many losses go each way: mined, dense, full-size."""
    loss = BranchLoss(head, samples_for(head))
    mined, dense = len(loss._mined), len(loss._terms)
    return mined, dense, len(loss._losses) - mined - dense


@pytest.mark.parametrize(
    ('kwargs', 'expected'),
    [
        (dict(), (1, 0, 0)),
        (dict(align_corners=True), (1, 0, 0)),
        (dict(sampler=dict(OHEM, min_kept=0)), (1, 0, 0)),
        (dict(sampler=dict(OHEM, thresh=0.2, min_kept=0.5)), (1, 0, 0)),
        (dict(loss_decode=dict(CE, class_weight=[0.5, 2.0, 1.0], loss_weight=0.4)), (1, 0, 0)),
        (dict(loss_decode=[dict(CE, loss_name='loss_a'), dict(CE, loss_name='loss_b', loss_weight=0.5)]), (2, 0, 0)),
        (dict(loss_decode=[CE, dict(CE, loss_weight=0.5)]), (2, 0, 0)),
        (dict(ignore_index=1), (1, 0, 0)),
        (dict(loss_decode=[CE, dict(DICE, loss_weight=0.3), BOUNDARY, LOVASZ]), (1, 2, 1)),
        (dict(loss_decode=[LOVASZ, CE, dict(type='mmseg.TverskyLoss', class_weight=[1.0, 2.0, 3.0])]), (1, 0, 2)),
        (dict(sampler=None), (0, 1, 0)),
        (dict(sampler=None, align_corners=True, loss_decode=[CE, DICE]), (0, 2, 0)),
        (dict(sampler=None, ignore_index=1, loss_decode=[dict(BOUNDARY, kernel_size=3), DICE]), (0, 2, 0)),
        (dict(sampler=None, loss_decode=dict(CE, avg_non_ignore=True)), (0, 1, 0)),
        (dict(sampler=None, loss_decode=[dict(CE, class_weight=[0.5, 2.0, 1.0]), LOVASZ]), (0, 1, 1)),
        (dict(sampler=None, loss_decode=dict(CE, reduction='sum')), (0, 0, 1)),
        (dict(sampler=None, loss_decode=[dict(CE, class_weight=[0.5, 2.0, 1.0], avg_non_ignore=True)]), (0, 1, 0)),
        (dict(sampler=None, loss_decode=[dict(type='mmseg.DiceLoss'), dict(CE, use_sigmoid=True)]), (0, 0, 2)),
        (
            dict(sampler=dict(type='mmseg.OHEMPixelSampler', thresh=0.7, min_kept=300), loss_decode=[CE, DICE]),
            (0, 1, 1),
        ),
    ],
    ids=str,
)
def test_parity(kwargs, expected, monkeypatch):
    head = make_head(**{**dict(sampler=OHEM), **kwargs}).double()  # rounding must not choose the hard pixels
    assert ways(head) == expected
    (fast, gradients), (plain, gradients_plain) = both_ways(head, monkeypatch)
    assert list(fast) == list(plain)
    for key, value in plain.items():
        torch.testing.assert_close(fast[key], value, rtol=4e-6, atol=1e-7)
    for key, value in gradients_plain.items():
        torch.testing.assert_close(gradients[key], value, rtol=0, atol=1e-5 * float(value.abs().max()) + 1e-8)


@pytest.mark.parametrize(
    'kwargs',
    [
        dict(),
        dict(sampler=dict(type='mmseg.OHEMPixelSampler', thresh=0.7, min_kept=300)),
        dict(loss_decode=[CE, dict(type='mmseg.TverskyLoss')]),
        dict(loss_decode=dict(CE, class_weight=[0.5, 2.0, 1.0])),
    ],
    ids=str,
)
def test_parity_with_the_host(kwargs):
    head = make_head(**kwargs)
    logits, samples = torch.randn(2, 3, 8, 16), make_samples(2, (32, 64), 3)
    try:
        expected = BaseDecodeHead.loss_by_feat(head, logits, samples)
    except IndexError:
        pytest.skip('this mmseg looks up the class weight of ignored pixels, which has none')
    for key, value in expected.items():
        torch.testing.assert_close(make_branch_loss(head, samples)(logits)[key], value)


def test_ohem_reaches_the_cross_entropy_only():
    """A sampler that keeps next to nothing must not change what Dice, boundary and Lovasz losses say."""
    logits, samples = torch.randn(2, 3, 8, 16), make_samples(2, (32, 64), 3)
    strict = dict(OHEM, thresh=0.0, min_kept=20)
    found = {}
    for name, sampler in (('all', None), ('hardest', strict)):
        head = make_head(sampler=sampler, loss_decode=[CE, DICE, BOUNDARY, LOVASZ])
        found[name] = make_branch_loss(head, samples)(logits)
    assert found['hardest']['loss_ce'] > 2 * found['all']['loss_ce']
    for key in ('loss_dice', 'loss_boundary', 'loss_lovasz', 'acc_seg'):
        torch.testing.assert_close(found['hardest'][key], found['all'][key])


def test_scale_losses_leaves_the_accuracy():
    scaled = scale_losses(dict(loss_ce=torch.tensor(2.0), loss_dice=torch.tensor(1.0), acc_seg=torch.tensor(50.0)), 0.4)
    assert {k: round(v.item(), 4) for k, v in scaled.items()} == dict(loss_ce=0.8, loss_dice=0.4, acc_seg=50.0)


class OtherLoss(FLDHead):
    def loss_by_feat(self, seg_logits, batch_data_samples):
        return dict(loss_mine=seg_logits.mean())


def test_a_head_with_its_own_loss_keeps_it():
    head = OtherLoss(**{**dict(num_classes=3, loss_decode=CE, sampler=OHEM)})
    losses = make_branch_loss(head, make_samples(2, (32, 64), 3))(torch.zeros(2, 3, 4, 8))
    assert list(losses) == ['loss_mine']


def test_labels_are_prepared_once(monkeypatch):
    made = []

    class Counted(branch_loss.Targets):
        def __init__(self, *args):
            made.append(1)
            super().__init__(*args)

    monkeypatch.setattr(branch_loss, 'Targets', Counted)
    make_head(sampler=OHEM).loss(make_inputs(), make_samples(2, (32, 64), 3), None)
    assert len(made) == 1


@pytest.mark.parametrize('sampler', [None, OHEM])
def test_exception_label_names_image_and_range(sampler):
    samples = make_samples(2, (32, 64), 3)
    samples[1].gt_sem_seg.data[0, 5, 7] = 77
    samples[1].set_metainfo(dict(img_path='street/two.png'))
    with pytest.raises(ValueError, match=r'labels \[77\] in street/two.png: expected 0..2'):
        make_branch_loss(make_head(sampler=sampler), samples)
