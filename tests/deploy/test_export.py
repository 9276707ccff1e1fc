"""Every format that is installed, at sizes that divide by nothing, against mmseg's own path."""

import json

import numpy as np
import pytest
import torch

from mmseg_liteseg.deploy.agreement import DEFAULT_BOUND, HALF_BOUND
from mmseg_liteseg.deploy.errors import DeployError
from mmseg_liteseg.deploy.export import export
from mmseg_liteseg.deploy.exporters import ExportOptions
from mmseg_liteseg.deploy.runners import open_artefact
from mmseg_liteseg.models.necks import sppm

# 32 and 31 give features of one pixel, 500x333 a bin of every length
SIZES = ((72, 96), (100, 67), (32, 31), (500, 333), (33, 200))
NEEDS = dict(onnx=('onnx', 'onnxruntime'), openvino=('openvino',), torchscript=(), ncnn=('pnnx', 'ncnn'))


def need(*formats):
    for kind in formats:
        for module in NEEDS[kind]:
            pytest.importorskip(module, reason=f'{kind} needs {module}')


def run_export(source, tmp_path, *formats, sizes=SIZES, bound=DEFAULT_BOUND, **options):
    need(*formats)
    lines = []
    files = export(
        source, ExportOptions(formats=formats, **options), tmp_path / 'out', 'tiny', bound, sizes, say=lines.append
    )
    return files, '\n'.join(lines)


@pytest.mark.parametrize('kind', NEEDS)
def test_any_size(source, tmp_path, kind):
    files, report = run_export(source, tmp_path, kind, output='logits')
    record = json.loads((tmp_path / 'out/tiny.agreement.json').read_text())
    assert [(row['height'], row['width']) for row in record[kind]['rows'][: len(SIZES)]] == list(SIZES)
    assert all(row['passed'] and row['relative'] < 1e-5 for row in record[kind]['rows'])
    assert '500x333' in report
    metadata = open_artefact(files[0]).metadata
    assert metadata.classes == source.classes
    assert metadata.palette == source.palette
    assert metadata.source == source.files
    assert metadata.interface.size is None
    assert metadata.interface.mean == (120.0, 125.0, 130.0)


@pytest.mark.parametrize(('kind', 'color'), [('onnx', 'bgr'), ('openvino', 'bgr'), ('torchscript', 'rgb')])
def test_raw_pictures_in_labels_out(source, tmp_path, kind, color):
    files, _ = run_export(source, tmp_path, kind, output='labels', raw=True, color=color, sizes=SIZES[:2])
    runner = open_artefact(files[0])
    labels = runner(np.zeros((1, 50, 60, 3), np.uint8))
    assert labels.dtype == np.uint8
    assert labels.shape == (1, 50, 60)
    assert runner.input_dtype == 'uint8'


@pytest.mark.parametrize('kind', NEEDS)
def test_one_size(source, tmp_path, kind):
    files, _ = run_export(source, tmp_path, kind, size=(90, 121), output='scores')
    interface = open_artefact(files[0]).metadata.interface
    assert (interface.size, interface.batch) == ((90, 121), 1)


@pytest.mark.parametrize('kind', ['onnx', 'openvino'])
@pytest.mark.parametrize(
    ('options', 'shape', 'batches'),
    [
        (dict(size=(48, 70), batch='any'), [None, 3, 48, 70], [1, 2]),
        (dict(batch=1), [1, 3, None, None], [1, 1]),
    ],
    ids=['any batch at one size', 'one at any size'],
)
def test_batch_and_size_are_open_or_not(source, tmp_path, kind, options, shape, batches):
    files, _ = run_export(source, tmp_path, kind, sizes=SIZES[:2], output='logits', **options)
    runner = open_artefact(files[0])
    assert list(runner.input_shape) == shape
    interface = runner.metadata.interface
    assert [interface.batch, len(interface.mean), *(interface.size or (None, None))] == shape
    rows = json.loads((tmp_path / 'out/tiny.agreement.json').read_text())[kind]['rows']
    assert [row['batch'] for row in rows] == batches


def test_static_graph_is_free_of_shape_arithmetic(source, tmp_path):
    onnx = pytest.importorskip('onnx')
    files, _ = run_export(source, tmp_path, 'onnx', size=(90, 121), batch=2)
    model = onnx.load(str(files[0]))
    kinds = {node.op_type for node in model.graph.node}
    assert not kinds & {'Shape', 'Gather', 'Constant', 'Identity', 'Loop', 'If', 'BatchNormalization'}
    assert [entry.domain for entry in model.opset_import] == ['']
    assert [d.dim_value for d in model.graph.input[0].type.tensor_type.shape.dim] == [2, 3, 90, 121]


@pytest.mark.parametrize('opset', [13, 17, 20])  # 11 is the default everywhere else
def test_opsets(source, tmp_path, opset):
    onnx = pytest.importorskip('onnx')
    if opset > torch.onnx._constants.ONNX_MAX_OPSET:
        pytest.skip(f'torch {torch.__version__} writes no opset {opset}')
    files, _ = run_export(source, tmp_path, 'onnx', opset=opset, sizes=SIZES[:3], output='logits')
    assert [entry.version for entry in onnx.load(str(files[0])).opset_import if not entry.domain] == [opset]


def test_dynamic_axes_are_named(source, tmp_path):
    onnx = pytest.importorskip('onnx')
    files, _ = run_export(source, tmp_path, 'onnx', sizes=SIZES[:1])
    graph = onnx.load(str(files[0])).graph
    shapes = {
        port.name: [d.dim_param for d in port.type.tensor_type.shape.dim] for port in [*graph.input, *graph.output]
    }
    assert shapes == {'image': ['batch', '', 'height', 'width'], 'labels': ['batch', 'height', 'width']}
    files, _ = run_export(source, tmp_path, 'onnx', sizes=SIZES[:1], output='logits')
    (output,) = onnx.load(str(files[0])).graph.output
    assert output.type.tensor_type.shape.dim[1].dim_value == len(source.classes)


def test_floored_pooling_is_caught_and_nothing_is_left(source, tmp_path, monkeypatch):
    """The error of other exporters: bins of floor(L / n) pixels."""

    def floored(x, bins):
        if not torch.onnx.is_in_onnx_export():
            return torch.nn.functional.adaptive_avg_pool2d(x, bins)
        kernel = [max(int(side) // bins, 1) for side in x.shape[2:]]
        pooled = torch.nn.functional.avg_pool2d(x, kernel, kernel)
        return pooled[:, :, :bins, :bins]

    monkeypatch.setattr(sppm, 'adaptive_avg_pool', floored)
    with pytest.raises(DeployError, match='does not agree with the model at 500x333'):
        run_export(source, tmp_path, 'onnx', output='labels', size=(500, 333))
    assert list((tmp_path / 'out').iterdir()) == []


def test_one_bad_format_holds_back_the_good_one(source, tmp_path, monkeypatch):
    need('onnx')
    from mmseg_liteseg.deploy.runners.torchscript import TorchScriptRunner

    monkeypatch.setattr(TorchScriptRunner, '__call__', lambda self, x: np.zeros((len(x), *x.shape[2:]), np.uint8))
    with pytest.raises(DeployError, match=r'tiny\.pt does not agree'):
        run_export(source, tmp_path, 'onnx', 'torchscript', sizes=SIZES[:1])
    assert list((tmp_path / 'out').iterdir()) == []


@pytest.mark.parametrize(
    ('options', 'field'),
    [
        (dict(formats=('onnx', 'caffe')), 'format'),
        (dict(formats=()), 'format'),
        (dict(opset=10), 'opset'),
        (dict(label_dtype='int8'), 'label_dtype'),
        (dict(size=(0, 64)), 'shape'),
        (dict(size=(64.5, 64)), 'shape'),
        (dict(size='64'), 'shape'),
        (dict(size=(1, 64, 64)), 'shape'),
        (dict(output='masks'), 'output'),
        (dict(formats='onnx'), 'format'),
        (dict(formats=(None,)), 'format'),
        (dict(batch=0), 'batch'),
        (dict(batch='many'), 'batch'),
        (dict(color='bgr'), 'color'),
        (dict(formats=('ncnn',)), 'output'),
        (dict(formats=('ncnn',), output='logits', raw=True), 'raw'),
        (dict(formats=('ncnn',), output='logits', size=(64, 64), batch=2), 'batch'),
    ],
)
def test_options_that_cannot_work(options, field):
    with pytest.raises(DeployError, match=f'^{field}'):
        ExportOptions(**options)


def test_missing_library_is_named(source, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__('sys').modules, 'pnnx', None)
    with pytest.raises(DeployError, match='pip install pnnx'):
        export(source, ExportOptions(formats=('ncnn',), output='logits'), tmp_path, 'x', say=str)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize('raw', [False, True])
def test_half_precision(source, tmp_path, raw):
    pytest.importorskip('onnxruntime.transformers.float16')
    full, half = (
        export(source, ExportOptions(half=half, raw=raw), tmp_path, f'{half}', HALF_BOUND, sizes=SIZES[:2], say=str)[0]
        for half in (False, True)
    )
    assert half.stat().st_size < 0.7 * full.stat().st_size
    assert open_artefact(half).input_dtype == ('uint8' if raw else 'float32')
    with pytest.raises(DeployError, match='half: of onnx alone'):
        ExportOptions(half=True, formats=('onnx', 'openvino'))


def test_half_precision_by_another_converter(source, tmp_path):
    """It leaves casts to float32 as they are: what it makes of a file for raw pictures cannot be read otherwise."""
    onnx = pytest.importorskip('onnx')
    reason = 'needs onnxconverter-common'
    float16 = pytest.importorskip('onnxconverter_common', reason=reason).float16
    files, _ = run_export(source, tmp_path, 'onnx', raw=True, size=(64, 96))
    half = float16.convert_float_to_float16(onnx.load(str(files[0])), keep_io_types=True, node_block_list=['/Cast'])
    onnx.save(half, str(tmp_path / 'half.onnx'))
    x = np.random.default_rng(0).integers(0, 256, (1, 64, 96, 3), np.uint8)
    assert np.mean(open_artefact(tmp_path / 'half.onnx')(x) != open_artefact(files[0])(x)) < HALF_BOUND.pixels


@pytest.mark.parametrize(
    ('out', 'name', 'message'),
    [
        ('file', 'x', r'^out .*file: this folder cannot be made \(File exists\)'),
        ('file/deeper', 'x', r'^out .*deeper: this folder cannot be made \(Not a directory\)'),
        ('new', 'a/b', "^name: expected that of a file, without folders, got 'a/b'"),
        ('new', '', '^name: expected'),
        ('new', None, '^name: expected'),
    ],
)
def test_where_nothing_can_be_written(source, tmp_path, out, name, message):
    (tmp_path / 'file').touch()
    with pytest.raises(DeployError, match=message):
        export(source, ExportOptions(size=(32, 32)), tmp_path / out, name, say=str)
    assert [path.name for path in tmp_path.iterdir()] == ['file']
