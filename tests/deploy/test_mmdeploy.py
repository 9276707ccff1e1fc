"""mmdeploy's conversion and its own inference, compared with the model. Needs: pip install --no-deps mmdeploy aenum."""

import json

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import Compose, pseudo_collate
from mmengine.registry import init_default_scope

from mmseg_liteseg.deploy.errors import DeployError
from mmseg_liteseg.deploy.images import images_of
from mmseg_liteseg.deploy.mmdeploy_convert import convert, sdk_config
from mmseg_liteseg.registry import MODELS
from tests.deploy.conftest import fill
from tests.helpers import REPO

LOGITS = {'codebase_config.with_argmax': False}
DEPLOY = REPO / 'configs/deploy'
QUICK = dict(sizes=[(60, 77), (96, 64)], say=str)
RUN_HERE = ['onnxruntime_dynamic', 'onnxruntime_static-512x1024', 'torchscript']


def write_config(tiny, tmp_path):
    """The thin model with Cityscapes' way to the network: pixels as floats, half the size."""
    config = tmp_path / 'half.py'
    steps = [
        dict(type='LoadImageFromFile', to_float32=True),
        dict(type='Resize', scale_factor=0.5, keep_ratio=False),
        dict(type='LoadAnnotations'),
        dict(type='PackSegInputs'),
    ]
    config.write_text(f"_base_ = [r'{tiny[0]}']\ntest_pipeline = {steps!r}\n")
    return str(config)


def predict(source, cfg, image):
    """Labels at the network's size by mmseg's own steps: mmdeploy takes argmax before it resizes to the original."""
    init_default_scope('mmseg')
    steps = [step for step in cfg.test_pipeline if step['type'] != 'LoadAnnotations']
    steps[0] = dict(steps[0], type='LoadImageFromNDArray')
    data = pseudo_collate([Compose(steps)(dict(img=image))])
    data = source.model.data_preprocessor(data)
    with torch.no_grad():
        return source.model.encode_decode(data['inputs'], [data['data_samples'][0].metainfo]).argmax(1)


@pytest.mark.parametrize('name', RUN_HERE)
def test_convert_and_infer(source, tiny, tmp_path, name):
    pytest.importorskip('onnxruntime')
    apis = pytest.importorskip('mmdeploy.apis')
    options = {'onnx_config.input_shape': [77, 58]} if 'static' in name else None
    deploy_config, config = str(DEPLOY / f'segmentation_{name}.py'), write_config(tiny, tmp_path)
    files = convert(deploy_config, config, str(tiny[1]), tmp_path / 'out', True, deploy_options=options, **QUICK)

    (image,) = images_of((116, 154), 1)
    deploy_cfg = Config.fromfile(deploy_config)
    deploy_cfg.merge_from_dict(options or {})
    (result,) = apis.inference_model(sdk_config(config, (58, 77)), deploy_cfg, [str(files[0])], image, 'cpu')
    found = result.pred_sem_seg.data[0, ::2, ::2]  # it repeats each pixel twice
    expected = predict(source, Config.fromfile(config), image)[0]
    assert found.shape == expected.shape
    assert (found != expected).sum() <= 2
    assert len(expected.unique()) > 2


def test_sdk_files(tiny, tmp_path):
    pytest.importorskip('mmdeploy')
    config = write_config(tiny, tmp_path)
    convert(str(DEPLOY / 'segmentation_torchscript.py'), config, str(tiny[1]), tmp_path / 'out', True, **QUICK)
    assert sorted(f.name for f in (tmp_path / 'out').iterdir()) == [
        'deploy.json',
        'detail.json',
        'end2end.pt',
        'pipeline.json',
    ]
    steps = json.loads((tmp_path / 'out/pipeline.json').read_text())['pipeline']['tasks'][0]['transforms']
    assert [step['type'] for step in steps] == ['LoadImageFromFile', 'Resize', 'Normalize', 'ImageToTensor', 'Collect']
    assert steps[2]['mean'] == [120.0, 125.0, 130.0]
    assert steps[2]['to_rgb']


GREY = 'model = dict(data_preprocessor=dict(mean=[120.0], std=[60.0]), backbone=dict(in_channels=1))'
ONE_LOGIT = 'model = dict(decode_head=dict(num_classes=2, out_channels=1, threshold=0.4, sampler=None))'
SIGMOID = "loss_decode=dict(type='CrossEntropyLoss', use_sigmoid=True)"
MULTI_LABEL = f'model = dict(decode_head=dict(num_classes=3, multi_label=True, sampler=None, {SIGMOID}))'
ONE_PLACE = 'test_dataloader = dict(dataset=dict(pipeline={{_base_.test_pipeline}}))\ntest_pipeline = None'


def write_other(tiny, tmp_path, lines):
    """First arguments of ``convert`` for the thin model with some lines more in its config."""
    config, checkpoint = tmp_path / 'other.py', tmp_path / 'other.pth'
    config.write_text(f"_base_ = [r'{tiny[0]}']\n{lines}\n")
    init_default_scope('mmseg')
    model = fill(MODELS.build(Config.fromfile(config).model))
    names = dict(classes=[str(label) for label in range(model.decode_head.num_classes)])
    torch.save(dict(state_dict=model.state_dict(), meta=dict(dataset_meta=names)), checkpoint)
    return str(DEPLOY / 'segmentation_torchscript.py'), str(config), str(checkpoint), tmp_path / 'out'


@pytest.mark.parametrize(
    ('lines', 'options'),
    [(GREY, None), (ONE_LOGIT, LOGITS), (MULTI_LABEL, LOGITS), (ONE_PLACE, None)],
    ids=['grey', 'one logit', 'masks per class', 'no top-level test_pipeline'],
)
def test_models_of_other_kinds(tiny, tmp_path, lines, options):
    pytest.importorskip('mmdeploy')
    arguments, report = write_other(tiny, tmp_path, lines), []
    (file,) = convert(*arguments, deploy_options=options, **{**QUICK, 'say': report.append})
    assert file.is_file()
    assert any('0 of' in line for line in report)


def test_exception_argmax_of_masks_per_class(tiny, tmp_path):
    pytest.importorskip('mmdeploy')
    with pytest.raises(DeployError, match=r'with_argmax=True takes one class per pixel.*set it to False'):
        convert(*write_other(tiny, tmp_path, MULTI_LABEL), **QUICK)


def test_a_wrong_result_is_not_kept(tiny, tmp_path, monkeypatch):
    pytest.importorskip('mmdeploy')
    from mmseg_liteseg.deploy.runners.torchscript import TorchScriptRunner

    monkeypatch.setattr(TorchScriptRunner, '__call__', lambda self, x: np.zeros((len(x), 1, *x.shape[2:]), np.int64))
    with pytest.raises(DeployError, match='does not agree'):
        convert(str(DEPLOY / 'segmentation_torchscript.py'), *map(str, tiny), tmp_path / 'out', **QUICK)
    assert list((tmp_path / 'out').iterdir()) == []


def test_other_backends_are_named(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr('mmseg_liteseg.deploy.mmdeploy_convert.require', lambda *_: None)
    with pytest.raises(DeployError, match=r"'ncnn'.*tools/deploy\.py"):
        convert(str(DEPLOY / 'segmentation_ncnn_static-512x1024.py'), *map(str, tiny), tmp_path, **QUICK)
    with pytest.raises(DeployError, match=r'gone\.py: no such file'):
        convert('gone.py', *map(str, tiny), tmp_path, **QUICK)


def test_configs_are_self_contained_and_name_the_hook():
    configs = sorted(DEPLOY.glob('*.py'))
    assert len(configs) == 8
    for path in configs:
        text, cfg = path.read_text(), Config.fromfile(path)
        assert '_base_' not in text
        assert cfg.codebase_config.module == ['mmseg_liteseg.deploy.mmdeploy_hook'], path.name
        assert ('NOT RUN' in text) is not any(name in path.name for name in RUN_HERE), path.name
