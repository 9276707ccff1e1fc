import pytest
import torch
from mmseg.models.decode_heads.decode_head import BaseDecodeHead

from mmseg_liteseg.models import FLDHead
from mmseg_liteseg.models.decode_heads import branch_loss
from mmseg_liteseg.models.decode_heads.branch_loss import can_fuse, make_branch_loss
from tests.helpers import make_samples
from tests.models.decode_heads.test_fld_head import make_head, make_inputs

OHEM = dict(type='mmseg_liteseg.OHEMPixelSampler', thresh=0.7, min_kept=300)
CE = dict(type='mmseg.CrossEntropyLoss')


def both_ways(head, monkeypatch):
    """Losses and gradients of a head, fused and mmseg's way."""
    samples = make_samples(2, (32, 64), 3)
    for sample in samples:
        sample.gt_sem_seg.data[sample.gt_sem_seg.data == 255] = head.ignore_index
    results = []
    for fuse in (True, False):
        monkeypatch.setattr(branch_loss, 'can_fuse', lambda _, fuse=fuse: fuse)
        head.zero_grad()
        torch.manual_seed(0)
        losses = head.loss(make_inputs(), samples, None)
        sum(v for k, v in losses.items() if 'loss' in k).backward()
        results.append((losses, {k: p.grad.clone() for k, p in head.named_parameters()}))
    return results


@pytest.mark.parametrize(
    'kwargs',
    [
        dict(),
        dict(align_corners=True),
        dict(sampler=dict(OHEM, min_kept=0)),
        dict(sampler=dict(OHEM, thresh=0.2, min_kept=0.5)),
        dict(loss_decode=dict(CE, class_weight=[0.5, 2.0, 1.0], loss_weight=0.4)),
        dict(loss_decode=[dict(CE, loss_name='loss_a'), dict(CE, loss_name='loss_b', loss_weight=0.5)]),
        dict(loss_decode=[CE, dict(CE, loss_weight=0.5)]),
        dict(ignore_index=1),
    ],
    ids=str,
)
def test_parity(kwargs, monkeypatch):
    head = make_head(**{**dict(sampler=OHEM), **kwargs})
    assert can_fuse(head)
    (fused, gradients), (plain, expected) = both_ways(head, monkeypatch)
    assert list(fused) == list(plain)
    for key, value in plain.items():
        torch.testing.assert_close(fused[key], value, rtol=2e-6, atol=0)
    for key, value in expected.items():
        torch.testing.assert_close(gradients[key], value, rtol=0, atol=5e-6 * float(value.abs().max()) + 1e-8)


class OtherLoss(FLDHead):
    def loss_by_feat(self, seg_logits, batch_data_samples):
        return dict(loss_mine=seg_logits.mean())


@pytest.mark.parametrize(
    'kwargs',
    [
        dict(sampler=None),
        dict(sampler=dict(type='mmseg.OHEMPixelSampler', thresh=0.7, min_kept=300)),
        dict(sampler=None, loss_decode=dict(type='mmseg.DiceLoss')),
        dict(sampler=None, loss_decode=[CE, dict(type='mmseg.DiceLoss')]),
        dict(sampler=None, loss_decode=dict(CE, avg_non_ignore=True)),
    ],
    ids=str,
)
def test_anything_else_goes_mmsegs_way(kwargs, monkeypatch):
    head = make_head(**kwargs)
    assert not can_fuse(head)
    called = []
    monkeypatch.setattr(BaseDecodeHead, 'loss_by_feat', lambda *_, **__: called.append(1) or {})
    head.loss(make_inputs(), make_samples(2, (32, 64), 3), None)
    assert len(called) == 3


def test_a_head_with_its_own_loss_keeps_it():
    head = OtherLoss(**{**dict(num_classes=3, loss_decode=CE, sampler=OHEM)})
    assert not can_fuse(head)
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
