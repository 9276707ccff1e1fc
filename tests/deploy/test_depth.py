"""Images of other depths and channels, all the way: trained, tested, exported, quantised and run without torch."""

from __future__ import annotations

import copy

import cv2
import numpy as np
import pytest
import tifffile
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmseg.apis import MMSegInferencer, inference_model, init_model, show_result_pyplot

from mmseg_liteseg.deploy.export import export
from mmseg_liteseg.deploy.exporters import ExportOptions
from mmseg_liteseg.deploy.quantize import quantize
from mmseg_liteseg.deploy.quantizers import QuantizeOptions
from mmseg_liteseg.deploy.source import load_source
from mmseg_liteseg.registry import MODELS
from mmseg_liteseg.runtime import Segmenter
from tests.deploy.conftest import fill
from tests.helpers import REPO
from tests.tools.conftest import run_alone
from tools import test as test_tool
from tools import train as train_tool

CONFIG = """
_base_ = [r'{configs}/_base_/models/ppliteseg_stdc1.py', r'{configs}/_base_/default_runtime.py',
          r'{configs}/_base_/schedules/schedule_10k_camvid.py']
model = dict(
    data_preprocessor=dict(mean={mean}, std={std}, bgr_to_rgb={rgb}),
    backbone=dict(base_channels=16, in_channels={channels}),
    neck=dict(in_channels=256, channels=16),
    decode_head=dict(in_channels=(64, 128, 256, 16), decoder_channels=(8, 8, 16), channels=8, aux_channels=(8, 8),
                     num_classes=3),
)
load = [dict(type='LoadImageFromFile', color_type='unchanged'), dict(type='mmseg_liteseg.LoadAnnotations')]
train_pipeline = [*load, dict(type='mmseg_liteseg.RandomScaleCrop', crop_size=(64, 64)),
                  dict(type='mmseg_liteseg.RandomHorizontalFlip'), dict(type='PackSegInputs')]
test_pipeline = [*load, dict(type='PackSegInputs')]
tta_pipeline = [
    dict(type='LoadImageFromFile', color_type='unchanged'),
    dict(type='mmseg_liteseg.MultiScaleFlip', transforms=[load[1], dict(type='PackSegInputs')]),
]
dataset = dict(type='BaseSegDataset', data_root=r'{root}', data_prefix=dict(img_path='images', seg_map_path='labels'),
               img_suffix='{suffix}', metainfo=dict(classes=('a', 'b', 'c')))
train_dataloader = dict(batch_size=2, num_workers=0, sampler=dict(type='InfiniteSampler', shuffle=True),
                        dataset=dict(pipeline=train_pipeline, **dataset))
val_dataloader = dict(batch_size=1, num_workers=0, sampler=dict(type='DefaultSampler', shuffle=False),
                      dataset=dict(pipeline=test_pipeline, **dataset))
test_dataloader = val_dataloader
val_evaluator = dict(type='IoUMetric', iou_metrics=['mIoU'])
test_evaluator = val_evaluator
train_cfg = dict(max_iters=2, val_interval=2)
param_scheduler = []
default_hooks = dict(checkpoint=dict(interval=2))
"""
# kind: type of the values, channels, largest value, suffix
KINDS = {
    '4 channels': (np.uint8, 4, 255, '.png'),
    '12 bits in 16': (np.uint16, 3, 4087, '.png'),
    '16 bits grey': (np.uint16, 1, 65535, '.png'),
    '16 bits, 5 bands': (np.uint16, 5, 65535, '.tif'),
    'float': (np.float32, 2, 1, '.tif'),
}


def write_image(path, image):
    if path.suffix == '.tif':
        tifffile.imwrite(path, image, photometric='minisblack', planarconfig='contig')
    else:
        cv2.imwrite(str(path), image)


@pytest.fixture(scope='module', params=KINDS, ids=lambda name: name.replace(' ', '-'))
def project(request, tmp_path_factory):
    """Folder with images, masks, config.py and weights.pth."""
    dtype, channels, highest, suffix = KINDS[request.param]
    folder, rng = tmp_path_factory.mktemp('deep'), np.random.default_rng(0)
    for name in ('images', 'labels'):
        (folder / name).mkdir()
    for index in range(2):
        coarse = cv2.resize(rng.random((6, 9, channels)), (100, 70), interpolation=cv2.INTER_LINEAR)
        image = (coarse.reshape(70, 100, channels) * 0.8 + rng.random((70, 100, channels)) * 0.2) * highest
        write_image(folder / f'images/{index}{suffix}', image.astype(dtype))
        cv2.imwrite(str(folder / f'labels/{index}.png'), (coarse.reshape(70, 100, -1)[..., 0] * 3).astype(np.uint8))
    mean, std = ([share * highest] * channels for share in (0.5, 0.2))
    config = folder / 'deep.py'
    settings = dict(mean=mean, std=std, rgb=channels == 3, channels=channels, suffix=suffix, root=folder)
    config.write_text(CONFIG.format(configs=REPO / 'configs', **settings))
    init_default_scope('mmseg')
    torch.save(dict(state_dict=_varied(config, channels).state_dict(), meta={}), folder / 'weights.pth')
    return folder


def _varied(config, channels):
    """A model that finds several classes in noise: few random ones do."""
    noise = torch.randn(1, channels, 70, 100, generator=torch.Generator().manual_seed(0))
    for seed in range(20):
        model = fill(MODELS.build(Config.fromfile(config).model), seed).eval()
        with torch.no_grad():
            shares = model.decode_head(model.extract_feat(noise)).argmax(1).flatten().bincount(minlength=3)
        if shares.max() < 0.8 * shares.sum():
            return model
    raise AssertionError('no seed gives several classes')


@pytest.fixture(scope='module')
def source(project):
    return load_source(str(project / 'deep.py'), str(project / 'weights.pth'))


def expected_masks(source, project):
    source.model.cfg = copy.deepcopy(source.cfg)
    files = sorted((project / 'images').iterdir())
    return files, [inference_model(source.model, str(file)).pred_sem_seg.data[0].numpy() for file in files]


def only(request, *kinds):
    """Skips what would show nothing new and take seconds."""
    if request.node.callspec.params['project'] not in kinds:
        pytest.skip('shown by the other kinds')


@pytest.mark.parametrize('raw', [False, True])
def test_runtime_agrees_with_torch(request, source, project, tmp_path, raw):
    pytest.importorskip('onnxruntime')
    if raw:
        only(request, '16 bits, 5 bands')
    formats = ('onnx', 'openvino') if raw else ('onnx',)
    options = ExportOptions(formats=formats, output='scores', raw=raw)
    export(source, options, tmp_path, 'deep', sizes=[(60, 77)], say=str)
    files, expected = expected_masks(source, project)
    assert len(np.unique(np.stack(expected))) > 1
    for name in ('deep.onnx', 'deep.xml')[: len(formats)]:
        segmenter = Segmenter(tmp_path / name, threads=1)
        for file, mask in zip(files, expected):
            image = segmenter.read(file)
            found = segmenter.predict(image)
            assert np.count_nonzero(found != mask) <= 2  # two classes may be equal to the last bit
            assert segmenter.overlay(image, found).dtype == np.uint8


def test_the_inferencer_reads_and_draws_the_same(source, project, tmp_path):
    files, expected = expected_masks(source, project)
    inferencer = MMSegInferencer(str(project / 'deep.py'), str(project / 'weights.pth'), device='cpu')
    inferencer.show_progress = False  # mmseg 1.2.2 takes no such argument
    found = inferencer([str(file) for file in files], batch_size=2, out_dir=str(tmp_path))['predictions']
    np.testing.assert_array_equal(np.stack(found), np.stack(expected))
    for file in files:
        assert cv2.imread(str(tmp_path / 'vis' / file.name)).mean() > 50  # not black


def test_the_host_s_functions_draw_it(source, project, tmp_path):
    model = init_model(str(project / 'deep.py'), str(project / 'weights.pth'), device='cpu')
    files, expected = expected_masks(source, project)
    result = inference_model(model, str(files[0]))
    np.testing.assert_array_equal(result.pred_sem_seg.data[0].numpy(), expected[0])
    out = str(tmp_path / 'drawn.png')
    show_result_pyplot(model, str(files[0]), result, show=False, with_labels=False, out_file=out)
    assert cv2.imread(out).mean() > 50


def test_quantised_on_such_data(request, source, project, tmp_path):
    only(request, '16 bits grey')
    pytest.importorskip('onnxruntime.quantization')
    options = ExportOptions(opset=13, output='scores', size=(70, 100))
    quantize(source, options, QuantizeOptions(images=2, max_loss=100), tmp_path, 'deep', threads=1, say=str)
    segmenter = Segmenter(tmp_path / 'deep_int8.onnx', threads=1)
    files, expected = expected_masks(source, project)
    agreement = np.mean(segmenter.predict(segmenter.read(files[0])) == expected[0])
    assert agreement > 0.7


def test_trained_and_tested(request, project, tmp_path):
    only(request, '12 bits in 16', '16 bits, 5 bands')
    config = project / 'deep.py'
    run_alone(train_tool.main, [config, '--work-dir', tmp_path / 'work'])
    checkpoint = tmp_path / 'work/iter_2.pth'
    for extra in ([], ['--tta']):
        arguments = [config, checkpoint, '--work-dir', tmp_path / 'test', '--show-dir', tmp_path / 'show', *extra]
        run_alone(test_tool.main, arguments)
        picture = cv2.imread(str(tmp_path / 'show/0.png'))[:, :100]
        assert picture.mean() > 50  # not black
