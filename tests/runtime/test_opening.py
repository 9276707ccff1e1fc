import json
from dataclasses import replace

import numpy as np
import pytest

from mmseg_liteseg.deploy.errors import DeployError
from mmseg_liteseg.deploy.metadata import Interface, Metadata
from mmseg_liteseg.deploy.runners import open_artefact
from mmseg_liteseg.runtime import Segmenter, opening
from mmseg_liteseg.runtime.opening import check_metadata, read_metadata
from tests.runtime.conftest import INTERFACE, PALETTE, Stub


@pytest.mark.parametrize('name', ['gone.onnx', 'x.pt', 'x.txt', 'folder.onnx'])
def test_what_is_no_model_file(tmp_path, name):
    (tmp_path / 'folder.onnx').mkdir()
    if not name.startswith(('gone', 'folder')):
        (tmp_path / name).touch()
    with pytest.raises(DeployError, match=f'model .*{name}: (no such file|expected .onnx, or the .xml of OpenVINO)'):
        Segmenter(tmp_path / name)


@pytest.mark.parametrize(('suffix', 'module'), [('.onnx', 'onnxruntime'), ('.xml', 'openvino')])
def test_truncated_model(tmp_path, suffix, module):
    pytest.importorskip(module)
    path = tmp_path / f'x{suffix}'
    path.write_bytes(b'\x08\x07\x12\x07')
    path.with_suffix('.bin').touch()
    with pytest.raises(DeployError, match='cannot read it'):
        Segmenter(path)


@pytest.mark.parametrize('module', ['onnxruntime', 'openvino'])
def test_missing_runtime_is_named(tmp_path, monkeypatch, module):
    monkeypatch.setitem(__import__('sys').modules, module, None)
    path = tmp_path / ('x.onnx' if module == 'onnxruntime' else 'x.xml')
    path.touch()
    with pytest.raises(DeployError, match=f'pip install {module}'):
        Segmenter(path)


def test_arguments_reach_the_runtime(stub):
    runner = stub()
    segmenter = Segmenter(runner.path, threads=3, device='X', streams=2)
    assert runner.opened == [(runner.path, 3, 'X', None, 2)]
    assert segmenter.streams == 2
    assert segmenter.runtime == 'stub 1.0'


@pytest.mark.parametrize(
    ('option', 'message'),
    [
        (dict(threads=-1), 'threads'),
        (dict(streams=0), 'streams'),
        (dict(order='bga'), 'order'),
        (dict(batch=0), 'batch'),
    ],
)
def test_wrong_arguments(stub, option, message):
    with pytest.raises(DeployError, match=f'^{message}: expected'):
        Segmenter(stub().path, **option)


def test_a_model_that_says_nothing_of_itself(stub):
    runner = stub()
    metadata, runner.metadata = runner.metadata, None
    with pytest.raises(DeployError, match=r'mean, std.*--metadata FILE'):
        Segmenter(runner.path)
    assert Segmenter(runner.path, metadata=metadata).metadata is metadata


def test_metadata_from_a_file(tmp_path, stub):
    path = tmp_path / 'm.json'
    with pytest.raises(DeployError, match=r'metadata .*m\.json: cannot be read'):
        read_metadata(path)
    path.write_text(json.dumps(dict(format=1, interface=INTERFACE, classes=['a'], palette=[[1, 2, 3]])))
    assert read_metadata(path) == Metadata(Interface(**INTERFACE), ('a',), ((1, 2, 3),))
    path.write_text('{"format": 1}')
    with pytest.raises(DeployError, match=r'm\.json'):
        read_metadata(path)


@pytest.mark.parametrize(
    ('said', 'shown', 'fits'),
    [
        (dict(), [None, 3, None, None], True),
        (dict(size=(4, 8), batch=2), [2, 3, 4, 8], True),
        (dict(size=(4, 8), batch=1), [None, 3, None, None], True),
        (dict(layout='NHWC', size=(4, 8)), [None, 4, 8, 3], True),
        (dict(color='gray', mean=(1.0,), std=(1.0,)), [None, 1, None, None], True),
        (dict(), [None, 3, 4, 8], False),
        (dict(), [1, 3, None, None], False),
        (dict(size=(8, 4)), [None, 3, 4, 8], False),
        (dict(layout='NHWC'), [None, 3, None, None], False),
        (dict(), [None, 3], False),
    ],
)
def test_shapes_are_compared(said, shown, fits):
    runner = Stub(None)
    runner.input_shape = shown
    if fits:
        check_metadata(runner, Interface(**{**INTERFACE, **said}), 'x')
        return
    with pytest.raises(DeployError, match=r'model x: its metadata say an input of .* it takes'):
        check_metadata(runner, Interface(**{**INTERFACE, **said}), 'x')


def test_types_and_channels_are_compared():
    runner = Stub(None)
    runner.input_dtype = 'uint8'
    with pytest.raises(DeployError, match='say dtype float32, it takes uint8'):
        check_metadata(runner, Interface(**INTERFACE), 'x')
    with pytest.raises(DeployError, match='std has 1 values'):
        check_metadata(runner, Interface(**{**INTERFACE, 'std': (1.0,)}), 'x')


def test_devices_that_are_not_there(tmp_path):
    onnx, _ = pytest.importorskip('onnx'), pytest.importorskip('onnxruntime')
    path = tmp_path / 'x.onnx'
    save_identity(onnx, path)
    with pytest.raises(DeployError, match=r'device NoSuchProvider: .* offers .*CPUExecutionProvider'):
        Segmenter(path, device='NoSuchProvider')
    metadata = Metadata(Interface(**{**INTERFACE, 'output': 'logits'}), ('r', 'g', 'b'), PALETTE)
    segmenter = Segmenter(path, device='CPUExecutionProvider', metadata=metadata)
    assert segmenter.predict(np.full((4, 4, 3), (0, 9, 0), np.uint8)).tolist() == [[1] * 4] * 4


def test_a_device_for_other_runtimes(tmp_path):
    (tmp_path / 'x.param').touch()
    with pytest.raises(DeployError, match=r'can be chosen for \.onnx and \.xml only, not for x\.param'):
        open_artefact(tmp_path / 'x.param', 0, 'GPU')


def test_openvino_names_its_devices(tmp_path):
    onnx, openvino = pytest.importorskip('onnx'), pytest.importorskip('openvino')
    save_identity(onnx, tmp_path / 'x.onnx')
    openvino.save_model(openvino.convert_model(str(tmp_path / 'x.onnx')), str(tmp_path / 'x.xml'))
    with pytest.raises(DeployError, match=r'device NOSUCH: OpenVINO cannot use it .* it sees CPU'):
        Segmenter(tmp_path / 'x.xml', device='NOSUCH')


def save_identity(onnx, path):
    """Logits are the picture."""
    shape = ['n', 3, 'h', 'w']
    ports = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape) for name in ('image', 'logits')]
    node = onnx.helper.make_node('Identity', ['image'], ['logits'])
    graph = onnx.helper.make_graph([node], 'g', ports[:1], ports[1:])
    opset = [onnx.helper.make_opsetid('', 13)]
    onnx.save(onnx.helper.make_model(graph, opset_imports=opset, ir_version=8), str(path))


def test_full_range_weights_are_named_where_they_overflow(stub, monkeypatch, recwarn):
    runner = stub()
    runner.metadata = replace(runner.metadata, tools=dict(full_range=True, measured_on='x86_64 with VNNI'))
    monkeypatch.setattr(opening, 'saturates', lambda: False)
    Segmenter(runner.path)
    assert not recwarn.list
    monkeypatch.setattr(opening, 'saturates', lambda: True)
    with pytest.warns(UserWarning, match=r'no VNNI.*x86_64 with VNNI'):
        Segmenter(runner.path)
