import copy

import pytest
import torch
from mmengine.config import ConfigDict
from mmengine.registry import init_default_scope
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample
from torch import nn

from mmseg_liteseg.registry import MODELS

BACKBONE = dict(type='mmseg_liteseg.STDCNet', base_channels=8, norm_cfg=dict(type='BN'))
COMMON = dict(in_channels=128, in_index=2, num_classes=5, norm_cfg=dict(type='BN'))
FCN = dict(type='FCNHead', channels=8, num_convs=1, **COMMON)
OCR = dict(type='OCRHead', channels=8, ocr_channels=8, **COMMON)


def build(fast, *heads, **kwargs):
    init_default_scope('mmseg')
    torch.manual_seed(0)
    kind = 'mmseg_liteseg.FastCascadeEncoderDecoder' if fast else 'CascadeEncoderDecoder'
    cfg = dict(type=kind, num_stages=len(heads), backbone=BACKBONE, decode_head=list(heads), auxiliary_head=FCN)
    model = MODELS.build(copy.deepcopy(dict(cfg, train_cfg=dict(), test_cfg=ConfigDict(mode='whole'), **kwargs)))
    for head in model.decode_head:
        nn.init.normal_(head.conv_seg.weight)  # labels change from place to place
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 1.0
        if isinstance(module, nn.Dropout2d):
            module.p = 0.0
    model(torch.randn(4, 3, 64, 96, generator=torch.Generator().manual_seed(3)))
    offset = model.eval()(torch.randn(1, 3, 64, 96, generator=torch.Generator().manual_seed(2))).mean((0, 2, 3))
    model.decode_head[-1].conv_seg.bias.data -= offset.detach()
    return model


def samples():
    given = torch.Generator().manual_seed(1)
    made = [
        SegDataSample(
            metainfo=dict(
                ori_shape=size, img_shape=(64, 96), pad_shape=(64, 96), flip=flip, flip_direction='horizontal'
            )
        )
        for size, flip in (((90, 130), False), ((64, 96), True))
    ]
    for sample in made:
        sample.gt_sem_seg = PixelData(data=torch.randint(0, 5, (1, 64, 96), generator=given))
    return made


@pytest.mark.parametrize('align_corners', [False, True])
def test_predictions_and_losses_are_those_of_mmseg(align_corners):
    heads = [dict(head, align_corners=align_corners) for head in (FCN, OCR)]
    fast, host = build(True, *heads), build(False, *heads)
    host.load_state_dict(fast.state_dict())
    assert fast.why_hosts_way() is None
    images = torch.randn(2, 3, 64, 96, generator=torch.Generator().manual_seed(2))
    labels, losses = [], []
    for model in (fast, host):
        with torch.no_grad():
            for got in model.predict(images, samples()):
                labels.append((got.pred_sem_seg.data, got.seg_logits.data, got.metainfo))
        losses.append(model.train().loss(images, samples()))
    for (ours, our_logits, meta), (theirs, their_logits, their_meta) in zip(labels[:2], labels[2:]):
        assert meta == their_meta
        assert ours.dtype == theirs.dtype
        assert len(ours.unique()) > 1
        assert (ours != theirs).float().mean() < 1e-3  # ties within rounding
        torch.testing.assert_close(our_logits, their_logits, rtol=1e-4, atol=1e-4)
    assert losses[0].keys() == losses[1].keys()
    for name, value in losses[0].items():
        torch.testing.assert_close(value, losses[1][name], rtol=1e-5, atol=1e-5)


def test_every_head_is_fused():
    model = build(True, FCN, OCR)
    assert [type(head).__name__ for head in model.decode_head] == ['FusedFCNHead', 'FusedOCRHead']


def test_a_head_that_predicts_by_itself_keeps_its_way():
    model = build(True, FCN, OCR)
    kind = type(model.decode_head[-1])
    model.decode_head[-1].__class__ = type('Refining', (kind,), dict(predict=lambda self, *args: None))
    assert model.why_hosts_way() == 'Refining has its own predict'
