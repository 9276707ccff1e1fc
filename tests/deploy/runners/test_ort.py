"""onnxruntime's runner on a graph of one node."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from mmseg_liteseg.deploy.errors import DeployError
from mmseg_liteseg.deploy.runners import open_artefact, ort
from mmseg_liteseg.deploy.runners.ort import _find_device

onnx = pytest.importorskip('onnx')
pytest.importorskip('onnxruntime')


def save(path, kind):
    """y = |x|, (N, 3, H, W)."""
    value = lambda name: onnx.helper.make_tensor_value_info(name, kind, ['n', 3, 'h', 'w'])  # noqa: E731
    graph = onnx.helper.make_graph([onnx.helper.make_node('Abs', ['x'], ['y'])], 'g', [value('x')], [value('y')])
    onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid('', 13)], ir_version=8), str(path))
    return path


def test_half_precision_takes_and_gives_float32(tmp_path):
    runner = open_artefact(save(tmp_path / 'half.onnx', onnx.TensorProto.FLOAT16))
    x = np.float32([-1.5, 0.25, 3]).reshape(1, 3, 1, 1)
    assert runner.input_dtype == 'float32'
    assert runner(x).dtype == np.float32
    assert np.array_equal(runner(x), abs(x))


@pytest.mark.parametrize('x', [np.zeros((1, 4, 2, 2), np.float32), np.zeros((1, 3, 2, 2), np.uint8)])
def test_a_failed_run_is_our_error(tmp_path, x):
    runner = open_artefact(save(tmp_path / 'a.onnx', onnx.TensorProto.FLOAT))
    with pytest.raises(DeployError, match=r'a\.onnx: onnxruntime failed on an input of shape \(1,'):
        runner(x)


OFFERED = ('TensorrtExecutionProvider', 'CUDAExecutionProvider', 'CPUExecutionProvider')


@pytest.mark.parametrize(
    ('name', 'found'),
    [
        ('CPU', ('CPUExecutionProvider', {})),
        ('cuda', ('CUDAExecutionProvider', {})),
        ('cuda:1', ('CUDAExecutionProvider', {'device_id': '1'})),
        ('TensorrtExecutionProvider:0', ('TensorrtExecutionProvider', {'device_id': '0'})),
    ],
)
def test_devices_and_their_numbers(name, found):
    assert _find_device(name, OFFERED) == found


@pytest.mark.parametrize('name', ['npu', 'cuda:x', 'cuda:-1', 'CPU:1', ''])
def test_devices_that_are_none(name):
    with pytest.raises(DeployError, match=f'^device {name}: the installed onnxruntime offers Tensorrt'):
        _find_device(name, OFFERED)


def test_options_of_the_session_and_of_the_provider(tmp_path):
    path, x = save(tmp_path / 'a.onnx', onnx.TensorProto.FLOAT), -np.ones((1, 3, 2, 2), np.float32)
    runner = open_artefact(path, options={'session.x64quantprecision': '1'})
    assert np.array_equal(runner(x), -x)
    with pytest.raises(DeployError, match=r"^options: use_arena: onnxruntime's CPU takes none but"):
        open_artefact(path, options=dict(use_arena='1'))
    (tmp_path / 'x.param').touch()
    with pytest.raises(DeployError, match=r'options .* can be chosen for .onnx and .xml only'):
        open_artefact(tmp_path / 'x.param', options=dict(a='1'))


@pytest.mark.parametrize(('threads', 'each'), [(0, 2), (6, 2), (2, 1)])
def test_streams_share_the_threads(tmp_path, monkeypatch, threads, each):
    monkeypatch.setattr(ort, 'available_cores', lambda: 7)
    runner = open_artefact(save(tmp_path / 'a.onnx', onnx.TensorProto.FLOAT), threads, streams=3)
    assert runner.session.get_session_options().intra_op_num_threads == each
    inputs = [np.full((1, 3, 64, 64), -value, np.float32) for value in range(12)]
    with ThreadPoolExecutor(3) as pool:
        assert all(np.array_equal(y, -x) for x, y in zip(inputs, pool.map(runner, inputs)))


def test_streams_are_for_runtimes_that_have_them(tmp_path):
    (tmp_path / 'a.pt').touch()
    with pytest.raises(DeployError, match=r'streams 2: can be chosen for \.onnx and \.xml only'):
        open_artefact(tmp_path / 'a.pt', streams=2)
