"""onnxruntime's runner on a graph of one node."""

import numpy as np
import pytest

from mmseg_liteseg.deploy.errors import DeployError
from mmseg_liteseg.deploy.runners import open_artefact

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
