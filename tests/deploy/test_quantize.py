import json
from dataclasses import replace

import cv2
import numpy as np
import pytest

from mmseg_liteseg.datasets.synthetic import render_scene
from mmseg_liteseg.deploy.data import Example
from mmseg_liteseg.deploy.errors import DeployError
from mmseg_liteseg.deploy.exporters import ExportOptions
from mmseg_liteseg.deploy.metadata import Interface, Metadata
from mmseg_liteseg.deploy.quantize import _model_inputs, quantize
from mmseg_liteseg.deploy.quantizers import QuantizeOptions
from mmseg_liteseg.deploy.runners import open_artefact
from mmseg_liteseg.runtime import Segmenter
from tests.runtime.conftest import INTERFACE, PALETTE, Stub

onnx = pytest.importorskip('onnx')
pytest.importorskip('onnxruntime.quantization')


def run(source, tmp_path, size=(48, 64), formats=('onnx',), **options):
    lines = []
    quantize(
        source,
        ExportOptions(opset=13, size=size, output='logits', formats=formats),
        QuantizeOptions(**{'images': 2, **options}),
        tmp_path / 'out',
        'tiny',
        threads=1,
        say=lines.append,
    )
    return tmp_path / 'out', '\n'.join(lines)


@pytest.fixture
def photos(tmp_path):
    """Four scenes in a folder."""
    folder = tmp_path / 'photos'
    folder.mkdir()
    for index in range(4):
        cv2.imwrite(str(folder / f'{index}.png'), render_scene(0, 'val', index, 48, 64)[0])
    return folder


@pytest.fixture
def without_data(source):
    """The model of a user who has pictures, and neither the training's data nor the test's."""
    cfg = source.cfg.copy()
    for name in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        cfg[name] = dict(dataset=dict(type='BaseSegDataset', ann_file='gone.txt', pipeline=source.pipeline))
    return replace(source, cfg=cfg)


def test_report_and_what_stays_in_float(source, tmp_path):
    out, report = run(source, tmp_path, max_loss=100)
    assert sorted(file.name for file in out.iterdir()) == ['tiny.onnx', 'tiny_int8.json', 'tiny_int8.onnx']
    record = json.loads((out / 'tiny_int8.json').read_text())
    assert set(record['scores']) == {'float', 'int8'}
    assert f'{record["scores"]["int8"]["mIoU"]:.2f}' in report
    assert record['scores']['int8']['median_ms'] > 0

    graph = onnx.load(str(out / 'tiny_int8.onnx')).graph
    makers = {output: node for node in graph.node for output in node.output}
    floating = [
        node.name
        for node in graph.node
        if node.op_type == 'Conv' and node.input[1] not in makers  # its weights are as they were
    ]
    assert sorted(floating) == sorted(record['float_layers'])
    assert len([name for name in floating if 'attention' in name]) == 6
    assert len([name for name in floating if 'neck/branches' in name]) == 3
    assert len(floating) == 10
    assert len([node for node in graph.node if node.op_type == 'Conv']) == 47

    # what a convolution gives is quantised once, by a range that takes the place of its ReLU
    assert {node.name for node in graph.node if node.op_type == 'Relu'} == {
        f'/neck/branches.{i}/activate/Relu' for i in range(3)
    } | {f'/decode_head/fusions.{i}/attention/attention.0/activate/Relu' for i in range(3)}

    metadata = open_artefact(out / 'tiny_int8.onnx').metadata
    assert metadata.classes == source.classes
    assert metadata.tools['quantization'] == 'MinMax'


def test_too_great_a_loss_leaves_nothing(source, tmp_path):
    with pytest.raises(DeployError, match='INT8 loses'):
        run(source, tmp_path, max_loss=-100)
    assert list((tmp_path / 'out').iterdir()) == []


def test_symmetric_activations_have_no_zero_point(source, tmp_path):
    out, _ = run(source, tmp_path, max_loss=100, symmetric=True)
    graph = onnx.load(str(out / 'tiny_int8.onnx')).graph
    values = {entry.name: onnx.numpy_helper.to_array(entry) for entry in graph.initializer}
    zeros = [values[node.input[2]] for node in graph.node if node.op_type == 'QuantizeLinear']
    assert zeros
    makers = {output: node.op_type for node in graph.node for output in node.output}
    assert {makers[node.input[0]] for node in graph.node if node.op_type == 'Relu'} == {'Conv'}
    assert all(zero.dtype == 'int8' and (zero == 0).all() for zero in zeros)


@pytest.mark.parametrize(
    ('options', 'field'),
    [
        (dict(images=0), 'images'),
        (dict(images='x'), 'images'),
        (dict(images=1.5), 'images'),
        (dict(max_loss=float('nan')), 'max_loss'),
        (dict(float_layers=None), 'float_layers'),
        (dict(method='x'), 'method'),
        (dict(float_layers='('), 'float_layers'),
        (dict(max_pixels=2), 'max_pixels'),
    ],
)
def test_options_that_cannot_work(options, field):
    with pytest.raises(DeployError, match=f'^{field}'):
        QuantizeOptions(**options)


def test_opset_without_scales_per_channel(source, tmp_path):
    with pytest.raises(DeployError, match=r'^opset'):
        quantize(source, ExportOptions(opset=11), QuantizeOptions(), tmp_path, 'x')


@pytest.mark.parametrize(('options', 'limit'), [({}, 64), (dict(full_range=True), 128)])
def test_weights_have_seven_bits_unless_asked(source, tmp_path, options, limit):
    out, _ = run(source, tmp_path, max_loss=100, **options)
    graph = onnx.load(str(out / 'tiny_int8.onnx')).graph
    weights = [onnx.numpy_helper.to_array(w) for w in graph.initializer if w.data_type == onnx.TensorProto.INT8]
    largest = max(int(abs(weight.astype(int)).max()) for weight in weights if weight.ndim == 4)
    assert limit // 2 < largest <= limit
    assert open_artefact(out / 'tiny_int8.onnx').metadata.tools['full_range'] is bool(options)


def test_a_folder_of_pictures_is_enough(without_data, photos, tmp_path):
    out, report = run(without_data, tmp_path, folder=str(photos), max_pixels=1)
    assert 'no labels to score on (test_dataloader' in report
    assert 'calibrating on 2 pictures' in report
    record = json.loads((out / 'tiny_int8.json').read_text())
    assert record['labels'] is False
    assert record['scores']['float']['mIoU'] == 100  # by definition: its own masks
    assert 0 < record['scores']['int8']['differing'] < 0.5
    assert f'{100 * record["scores"]["int8"]["differing"]:.2f}' in report


def test_without_labels_the_changed_pixels_decide(without_data, photos, tmp_path):
    with pytest.raises(DeployError, match=r'INT8 changes .* of the pixels, allowed are 0\.00%'):
        run(without_data, tmp_path, folder=str(photos), max_pixels=0)
    assert list((tmp_path / 'out').iterdir()) == []


def test_no_data_and_no_folder(without_data, tmp_path):
    with pytest.raises(DeployError, match=r'^train_dataloader: its data set cannot be read'):
        run(without_data, tmp_path)
    with pytest.raises(DeployError, match='no image found'):
        run(without_data, tmp_path, folder=str(tmp_path / 'nowhere'))


def test_a_broken_picture_is_named(source, photos, tmp_path):
    (photos / '0.png').write_bytes(b'no picture')
    with pytest.raises(DeployError, match=r'0\.png: cannot be read as a picture'):
        run(source, tmp_path, folder=str(photos))


@pytest.mark.parametrize(('size', 'told'), [((96, 128), False), ((64, 64), True), (None, False)])
def test_a_shape_that_changes_the_aspect_is_told(tmp_path, size, told):
    metadata = Metadata(Interface(**{**INTERFACE, 'size': size}), ('r', 'g', 'b'), PALETTE)
    segmenter = Segmenter(tmp_path, runner=Stub(metadata))
    examples, lines = [Example(np.zeros((48, 64, 3), np.uint8), None, 'a.png')] * 3, []
    (*inputs,) = _model_inputs(segmenter, examples, lines.append)
    assert [x.shape for x in inputs] == [(1, 3, *(size or (48, 64)))] * 3
    assert len(lines) == told
    assert not told or 'shape: pictures of 48x64 are resized to the 64x64 of the artefact' in lines[0]


def test_int8_for_openvino(source, tmp_path, monkeypatch):
    pytest.importorskip('nncf', reason='INT8 for OpenVINO needs nncf')
    monkeypatch.setattr('mmseg_liteseg.deploy.quantize.DYNAMIC_SIZES', ((64, 64),))
    out, report = run(source, tmp_path, size=None, formats=('openvino',), max_loss=100)
    assert sorted(file.name for file in out.iterdir()) == [
        'tiny.bin', 'tiny.xml', 'tiny_int8.bin', 'tiny_int8.json', 'tiny_int8.xml',
    ]  # fmt: skip
    assert 'in OpenVINO' in report
    assert len(json.loads((out / 'tiny_int8.json').read_text())['float_layers']) == 10
    runner = open_artefact(out / 'tiny_int8.xml')
    assert runner.metadata.tools['quantization'] == 'NNCF'
    x = np.random.default_rng(0).standard_normal((1, 3, 50, 70)).astype(np.float32)
    assert np.corrcoef(runner(x).ravel(), open_artefact(out / 'tiny.xml')(x).ravel())[0, 1] > 0.95


@pytest.mark.parametrize(
    ('formats', 'options', 'message'),
    [
        (('ncnn',), {}, 'format: expected onnx or openvino'),
        (('onnx', 'openvino'), {}, 'format: expected onnx or openvino'),
        (('openvino',), dict(method='Entropy'), "method: Entropy is onnxruntime's"),
    ],
)
def test_what_a_format_does_not_take(source, tmp_path, formats, options, message):
    with pytest.raises(DeployError, match=message):
        run(source, tmp_path, formats=formats, **options)
