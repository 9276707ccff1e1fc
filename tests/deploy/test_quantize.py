import json

import pytest

from mmseg_liteseg.deploy.errors import DeployError
from mmseg_liteseg.deploy.exporters import ExportOptions
from mmseg_liteseg.deploy.quantize import QuantizeOptions, quantize
from mmseg_liteseg.deploy.runners import open_artefact

onnx = pytest.importorskip('onnx')
pytest.importorskip('onnxruntime.quantization')


def run(source, tmp_path, **options):
    lines = []
    quantize(
        source,
        ExportOptions(opset=13, size=(48, 64), output='logits'),
        QuantizeOptions(images=2, **options),
        tmp_path / 'out',
        'tiny',
        threads=1,
        say=lines.append,
    )
    return tmp_path / 'out', '\n'.join(lines)


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
    [(dict(images=0), 'images'), (dict(method='x'), 'method'), (dict(float_layers='('), 'float_layers')],
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
