"""The same masks as mmseg's own inference, from the picture on."""

import copy
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from mmseg.apis import inference_model

from mmseg_liteseg.datasets.synthetic import render_scene
from mmseg_liteseg.deploy.export import describe, export
from mmseg_liteseg.deploy.exporters import ExportOptions
from mmseg_liteseg.deploy.graph import make_graph
from mmseg_liteseg.deploy.source import load_source
from mmseg_liteseg.runtime import Segmenter, opening
from tests.deploy.conftest import write_project

SCENE = render_scene(0, 'val', 3, 75, 110)[0]
HALF = dict(type='Resize', scale_factor=0.5, keep_ratio=False)
STATIC = dict(type='Resize', scale=(96, 64), keep_ratio=False)
RATIO = dict(type='Resize', scale=(96, 72), keep_ratio=True)


@pytest.fixture(scope='module')
def files(tmp_path_factory):
    return write_project(tmp_path_factory.mktemp('tiny'))


def load(files, resize, to_float32=False):
    """The model with a test pipeline of its own."""
    config, checkpoint = files
    pipeline = [dict(type='LoadImageFromFile', to_float32=to_float32), *([resize] if resize else [])]
    return load_source(str(config), str(checkpoint), dict(test_pipeline=[*pipeline, dict(type='PackSegInputs')]))


def expect(source, images):
    """Masks of mmseg, which takes no pictures of different sizes at a time."""
    source.model.cfg = copy.deepcopy(source.cfg)
    return [inference_model(source.model, image).pred_sem_seg.data[0].numpy() for image in images]


def agree(found, expected):
    """Equal but for ties: OpenCV and torch resize alike within 1e-4."""
    assert len(np.unique(expected)) > 2
    assert found.shape == expected.shape
    assert np.mean(found != expected) < 1e-3


class GraphRunner:
    """What is exported, before it is."""

    runtime, input_shape, input_dtype = 'torch', None, None

    def __init__(self, source, options):
        self.metadata = describe(source, options)
        self.graph = make_graph(source, self.metadata.interface)

    def __call__(self, x):
        with torch.no_grad():
            return self.graph(torch.from_numpy(x)).numpy()


CASES = [
    (None, False, dict(output='labels')),
    (None, False, dict(output='scores', raw=True, color='bgr')),
    (HALF, True, dict(output='scores')),
    (HALF, True, dict(output='logits')),
    (HALF, False, dict(output='logits', raw=True, color='rgb')),
    (STATIC, True, dict(output='scores', size=(64, 96))),
    (STATIC, False, dict(output='logits', size=(64, 96), batch=2, raw=True)),
    (RATIO, True, dict(output='logits')),
]


@pytest.mark.parametrize(('resize', 'to_float32', 'options'), CASES)
def test_masks_are_mmsegs(files, tmp_path, monkeypatch, resize, to_float32, options):
    source = load(files, resize, to_float32)
    runner = GraphRunner(source, ExportOptions(**options))
    monkeypatch.setattr(opening, 'open_artefact', lambda *args: runner)
    (tmp_path / 'x.onnx').touch()
    images = [SCENE, np.ascontiguousarray(SCENE[:60, 7:]), SCENE[:, ::-1]]
    for found, expected in zip(Segmenter(tmp_path / 'x.onnx').predict(images), expect(source, images)):
        agree(found, expected)


@pytest.mark.parametrize('kind', ['onnx', 'openvino'])
@pytest.mark.parametrize(('resize', 'to_float32', 'options'), [CASES[0], CASES[2], CASES[6]])
def test_masks_of_files_are_mmsegs(files, tmp_path, kind, resize, to_float32, options):
    for module in ('onnx', 'onnxruntime', *(['openvino'] if kind == 'openvino' else [])):
        pytest.importorskip(module)
    source = load(files, resize, to_float32)
    path = export(source, ExportOptions(formats=(kind,), **options), tmp_path, 'x', sizes=[(64, 96)], say=str)[0]
    segmenter = Segmenter(path, threads=1)
    images = [SCENE, np.ascontiguousarray(SCENE[:, ::-1]), np.ascontiguousarray(SCENE[::-1])]
    with ThreadPoolExecutor(3) as pool:  # which share the segmenter
        many = list(pool.map(segmenter.predict, [images] * 6))
    for masks in many:
        for found, expected in zip(masks, expect(source, images)):
            agree(found, expected)
