import copy

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.structures import PixelData
from mmseg.evaluation import IoUMetric
from mmseg.models.segmentors import EncoderDecoder, SegTTAModel
from mmseg.structures import SegDataSample
from torch import nn

from mmseg_liteseg.models import FastEncoderDecoder, LiteSegTTAModel
from mmseg_liteseg.registry import MODELS
from tests.helpers import REPO, assert_argmax, make_samples

TEST_CFG = dict(mode='whole')


def image(n=1, size=(64, 96), seed=0):
    return torch.randn(n, 3, *size, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(scope='module')
def pair():
    """The same weights in our segmentor and in mmseg's."""
    init_default_scope('mmseg')
    cfg = Config.fromfile(REPO / 'configs/_base_/models/ppliteseg_stdc1.py').model
    cfg.backbone.update(base_channels=16, norm_cfg=dict(type='BN'))
    cfg.neck.update(in_channels=256, channels=32, norm_cfg=dict(type='BN'))
    cfg.decode_head.update(in_channels=(64, 128, 256, 32), norm_cfg=dict(type='BN'))
    torch.manual_seed(0)
    fast = MODELS.build(cfg)
    for module in fast.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 1.0
    fast(image(8))  # running statistics that make the labels change from place to place
    fast.eval()
    stock = EncoderDecoder.__new__(EncoderDecoder)
    stock.__dict__ = fast.__dict__
    return fast, stock


@pytest.fixture
def fast(pair):
    fast, _ = pair
    test_cfg, align_corners = copy.deepcopy(fast.test_cfg), fast.align_corners
    yield fast
    fast.test_cfg = test_cfg
    fast.align_corners = fast.decode_head.align_corners = align_corners


def samples(n=1, **meta):
    meta = {**dict(ori_shape=(64, 96), img_shape=(64, 96), pad_shape=(64, 96)), **meta}
    return [SegDataSample(metainfo=copy.deepcopy(meta)) for _ in range(n)]


def assert_same(ours, stock):
    for a, b in zip(ours, stock):
        assert torch.equal(a.seg_logits.data, b.seg_logits.data)
        labels, expected = a.pred_sem_seg.data, b.pred_sem_seg.data
        assert labels.dtype == expected.dtype
        assert labels.shape == expected.shape
        assert_argmax(labels, b.seg_logits.data[None])
        assert len(expected.unique()) > 2


def test_config_builds_it(pair):
    assert type(pair[0]) is FastEncoderDecoder


@pytest.mark.parametrize('align_corners', [False, True])
@pytest.mark.parametrize(
    'meta',
    [
        dict(ori_shape=(128, 192)),
        dict(ori_shape=(51, 77)),
        dict(ori_shape=(128, 192), img_padding_size=(0, 16, 0, 8)),
        dict(ori_shape=(100, 100), padding_size=[3, 16, 5, 8]),
        dict(ori_shape=(128, 192), flip=True, flip_direction='horizontal', padding_size=[0, 10, 0, 0]),
        dict(ori_shape=(90, 70), flip=True, flip_direction='vertical'),
        dict(ori_shape=(90, 70), flip=False, flip_direction='vertical'),
        dict(ori_shape=(90, 70), pad_shape=(64, 96, 3), img_shape=(50, 80)),
        dict(ori_shape=(90, 70), img_shape=torch.Size((60, 90)), pad_shape=(1, 1)),
    ],
    ids=str,
)
def test_parity_with_mmseg(pair, fast, meta, align_corners):
    stock = pair[1]
    fast.align_corners = fast.decode_head.align_corners = align_corners
    inputs = image(2)
    with torch.no_grad():
        assert_same(fast.predict(inputs, samples(2, **meta)), stock.predict(inputs, samples(2, **meta)))


def test_parity_in_a_mixed_batch(pair):
    fast, stock = pair
    inputs = image(3)

    def batch():
        flipped = dict(flip=True, flip_direction='horizontal')
        return [*samples(1, ori_shape=(99, 101)), *samples(1, **flipped), *samples(1, ori_shape=(99, 101))]

    with torch.no_grad():
        assert_same(fast.predict(inputs, batch()), stock.predict(inputs, batch()))


def test_without_samples(pair):
    fast, stock = pair
    inputs = image(2)
    with torch.no_grad():
        assert_same(fast.predict(inputs), stock.predict(inputs))


def forbid(monkeypatch, target, name):
    def fail(*_, **__):
        raise AssertionError(f'{name} was called')

    monkeypatch.setattr(target, name, fail)


def test_full_size_logits_are_not_made_unless_read(pair, monkeypatch):
    fast, _ = pair
    forbid(monkeypatch, torch.nn.functional, 'interpolate')
    monkeypatch.setattr(fast, '_forward', lambda inputs: torch.randn(1, 19, 8, 12))
    (sample,) = fast.predict(image(), samples())
    sample.to_dict()
    assert sample.seg_logits.shape == (64, 96)
    with pytest.raises(AssertionError, match='interpolate'):
        sample.seg_logits.data  # noqa: B018


def test_seg_logits_by_test_cfg(fast, monkeypatch):
    fast.test_cfg = Config(dict(mode='whole', seg_logits=True))
    forbid(monkeypatch, fast, '_label')
    with torch.no_grad():
        (sample,) = fast.predict(image(), samples())
    assert sample.to_dict()['seg_logits'].keys() == {'data'}
    assert sample.seg_logits.data.shape == (19, 64, 96)


def test_slide_mode(pair, fast):
    fast.test_cfg = Config(dict(mode='slide', crop_size=(32, 48), stride=(24, 32)))
    inputs = image()
    with torch.no_grad():
        assert_same(fast.predict(inputs, samples()), pair[1].predict(inputs, samples()))


def test_one_output_channel():
    init_default_scope('mmseg')
    cfg = Config.fromfile(REPO / 'configs/_base_/models/ppliteseg_stdc1.py').model
    cfg.decode_head.update(
        num_classes=2, out_channels=1, threshold=0.4, sampler=None, loss_decode=dict(use_sigmoid=True)
    )
    fast = MODELS.build(cfg).eval()
    with torch.no_grad():
        (ours,) = fast.predict(image(), samples(ori_shape=(70, 50)))
        (stock,) = EncoderDecoder.predict(fast, image(), samples(ori_shape=(70, 50)))
    assert torch.equal(ours.pred_sem_seg.data, stock.pred_sem_seg.data)
    assert torch.equal(ours.seg_logits.data, stock.seg_logits.data)


def test_a_step_that_a_subclass_overrides_is_taken(pair):
    class Louder(FastEncoderDecoder):
        def encode_decode(self, inputs, metas):
            return super().encode_decode(inputs, metas).roll(1, 1)

    louder = Louder.__new__(Louder)
    louder.__dict__ = pair[0].__dict__
    with torch.no_grad():
        (plain,), (other,) = pair[0].predict(image(), samples()), louder.predict(image(), samples())
    assert torch.equal((plain.pred_sem_seg.data + 1) % 19, other.pred_sem_seg.data)


def test_tracing_takes_mmsegs_way(pair, monkeypatch):
    fast, _ = pair
    forbid(monkeypatch, fast, '_label')
    monkeypatch.setattr(torch.jit, 'is_tracing', lambda: True)
    with torch.no_grad():
        (sample,) = fast.predict(image(), samples())
    assert sample.pred_sem_seg.data.shape == (1, 64, 96)


@pytest.mark.parametrize('kind', [SegTTAModel, LiteSegTTAModel])
def test_test_time_augmentation(pair, kind):
    flips = [dict(flip=False, flip_direction=None), dict(flip=True, flip_direction='horizontal')]

    def run(module):
        data = dict(
            inputs=[[image()[0]], [image()[0].flip(2)]],
            data_samples=[samples(img_path='x.png', ori_shape=(90, 120), **flip) for flip in flips],
        )
        with torch.no_grad():
            (merged,) = kind(module).test_step(data)
        return merged.pred_sem_seg.data

    assert torch.equal(run(pair[0]), run(pair[1]))


def test_iou_metric(pair):
    fast, stock = pair
    results = []
    for model in (fast, stock):
        metric = IoUMetric()
        metric.dataset_meta = dict(classes=[str(i) for i in range(19)])
        (labelled,) = make_samples(1, (80, 100), 19)
        labelled.set_metainfo(dict(ori_shape=(80, 100), img_shape=(64, 96), pad_shape=(64, 96)))
        with torch.no_grad():
            predicted = model.predict(image(), [labelled])
        metric.process({}, [sample.to_dict() for sample in predicted])
        results.append(metric.evaluate(1))
    np.testing.assert_allclose(results[0]['mIoU'], results[1]['mIoU'], atol=0.02)


def test_exception_names_the_flip(pair):
    with torch.no_grad(), pytest.raises(ValueError, match='flip_direction'):
        pair[0].predict(image(), samples(flip=True, flip_direction='diagonal'))


def test_losses_are_those_of_mmsegs_segmentor(pair):
    fast, stock = pair
    inputs, results = image(2), []
    for model in (fast, stock):
        labels = torch.randint(0, 3, (2, 1, *inputs.shape[2:]), generator=torch.Generator().manual_seed(0))
        batch = [SegDataSample(gt_sem_seg=PixelData(data=label)) for label in labels]
        losses = model.loss(inputs, batch)
        losses['decode.loss_ce'].backward()
        results.append((losses, model.decode_head.conv_seg.weight.grad.clone()))
        model.zero_grad()
    (losses, gradient), (expected, expected_gradient) = results
    assert losses.keys() == expected.keys()
    for name in losses:
        torch.testing.assert_close(losses[name], expected[name], rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(gradient, expected_gradient, rtol=1e-4, atol=1e-6)


def test_heads_of_mmseg_compute_fused_losses():
    head = dict(type='FCNHead', in_channels=8, channels=4, num_convs=1, num_classes=3)
    backbone = dict(type='mmseg_liteseg.STDCNet', base_channels=4, norm_cfg=dict(type='BN'))
    cfg = dict(type='mmseg_liteseg.FastEncoderDecoder', backbone=backbone, decode_head=head, auxiliary_head=[head])
    fused, plain = MODELS.build(dict(cfg)), MODELS.build(dict(cfg, fused_loss=False))
    assert type(fused.decode_head).__name__ == type(fused.auxiliary_head[0]).__name__ == 'FusedFCNHead'
    assert type(plain.decode_head).__name__ == 'FCNHead'
