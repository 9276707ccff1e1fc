"""Three kinds of output trained to a stated IoU, from files to score: two logits, one, a sigmoid per class."""

import numpy as np
import pytest
import torch
from mmengine.runner import Runner

from mmseg_liteseg.deploy.export import export
from mmseg_liteseg.deploy.exporters import ExportOptions
from mmseg_liteseg.deploy.source import load_source
from mmseg_liteseg.runtime import Segmenter
from tests.drawn_set import CLASSES, draw, make_config, write
from tests.helpers import forget_runs

OHEM = dict(type='mmseg_liteseg.OHEMPixelSampler', thresh=0.7, min_kept=1 / 16)
CE = dict(type='CrossEntropyLoss')
SIGMOID = dict(type='CrossEntropyLoss', use_sigmoid=True)
DICE = dict(type='mmseg_liteseg.DiceLoss', use_sigmoid=True)
BINARY = dict(type='BaseSegDataset', metainfo=dict(classes=('nothing', 'square'), palette=[[0, 0, 0], [255, 0, 0]]))
MULTI = dict(type='mmseg_liteseg.MultiLabelDataset', metainfo=dict(classes=CLASSES, palette=[[255, 0, 0], [0, 0, 255]]))
IOU = dict(type='IoUMetric', iou_metrics=['mIoU'])


def train(cfg):
    torch.manual_seed(0)
    runner = Runner.from_cfg(cfg)
    runner.train()
    return runner, runner.val_loop.run()


@pytest.mark.parametrize(
    'head',
    [
        dict(num_classes=2, loss_decode=CE, sampler=OHEM),
        dict(num_classes=2, out_channels=1, threshold=0.5, loss_decode=[SIGMOID, DICE], sampler=OHEM),
    ],
    ids=['two logits', 'one logit'],
)
def test_binary(tmp_path, head):
    write(tmp_path, 'binary')
    _, metrics = train(make_config(tmp_path, BINARY, head, IOU, multi_label=False))
    assert metrics['mIoU'] > 80


@pytest.fixture(scope='module')
def multi_label(tmp_path_factory):
    """Runner, metrics and folder of a multi-label training on a TIFF with a band per class."""
    forget_runs()
    root = tmp_path_factory.mktemp('bands')
    write(root, 'bands')
    head = dict(num_classes=2, multi_label=True, loss_decode=[SIGMOID, DICE], sampler=OHEM)
    cfg = make_config(
        root, dict(MULTI, seg_map_suffix='.tif'), head, dict(type='mmseg_liteseg.MultiLabelMetric'), multi_label=True
    )
    cfg.dump(root / 'config.py')
    runner, metrics = train(cfg)
    return runner, metrics, root


def test_multi_label_reaches_each_class(multi_label):
    _, metrics, _ = multi_label
    assert set(metrics) == {'mIoU', 'mF1', 'IoU.square', 'IoU.disc', 'F1.square', 'F1.disc'}
    assert min(metrics['IoU.square'], metrics['IoU.disc']) > 70
    assert metrics['mF1'] > 82


def test_multi_label_predicts_masks_that_overlap(multi_label):
    runner, _, _ = multi_label
    overlap = 0
    for batch in runner.val_dataloader:
        (sample,) = runner.model.test_step(batch)
        assert sample.pred_sem_seg.data.shape == (2, 48, 48)
        assert sample.pred_sem_seg.data.dtype == torch.uint8
        expected = (sample.seg_logits.data.sigmoid() > 0.5).to(torch.uint8)
        assert torch.equal(sample.pred_sem_seg.data, expected)
        overlap += int(sample.pred_sem_seg.data.min(0).values.sum())
    assert overlap > 50


@pytest.mark.parametrize('output', ['labels', 'logits'])
def test_multi_label_exported(multi_label, tmp_path, output):
    pytest.importorskip('onnxruntime')
    _, _, root = multi_label
    source = load_source(str(root / 'config.py'), str(next((root / 'work').glob('iter_*.pth'))))
    options = ExportOptions(formats=('onnx',), output=output)
    file, *_ = export(source, options, tmp_path, 'multi', sizes=((48, 48), (33, 70)), say=lambda _: None)
    segmenter = Segmenter(file)
    assert segmenter.metadata.interface.multi_label
    assert segmenter.metadata.classes == CLASSES
    image, masks = draw(3)
    found = segmenter.predict(image)
    assert found.shape == (2, 48, 48)
    for band, expected in zip(found, masks.transpose(2, 0, 1)):
        assert (band & expected).sum() / (band | expected).sum() > 0.6
    painted = segmenter.overlay(image, found)
    assert np.abs(painted.astype(int) - image)[found.max(0) == 0].max() == 0
    assert np.abs(painted.astype(int) - image)[found.max(0) == 1].mean() > 20


def test_folders_hold_the_same_as_bands(tmp_path):
    """One step on each layout gives one loss."""
    losses = []
    for layout, suffix in (('bands', '.tif'), ('folders', '.png')):
        forget_runs()
        root = tmp_path / layout
        write(root, layout, count=4)
        head = dict(num_classes=2, multi_label=True, loss_decode=SIGMOID, sampler=None)
        dataset = dict(MULTI, layout=layout, seg_map_suffix=suffix)
        cfg = make_config(root, dataset, head, dict(type='mmseg_liteseg.MultiLabelMetric'), multi_label=True)
        cfg.train_dataloader.batch_size = 4
        runner = Runner.from_cfg(cfg)
        torch.manual_seed(0)
        np.random.seed(0)
        dataset = runner.build_dataloader(cfg.test_dataloader).dataset
        samples = [dataset[i] for i in range(4)]
        data = dict(inputs=[s['inputs'] for s in samples], data_samples=[s['data_samples'] for s in samples])
        runner.model.init_weights()
        data = runner.model.data_preprocessor(data, True)
        losses.append(runner.model(**data, mode='loss')['decode.loss_ce'])
    assert torch.isfinite(losses[0])
    torch.testing.assert_close(*losses)
