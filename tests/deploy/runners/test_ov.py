"""OpenVINO's runner on a small graph whose runs can be made to fail."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from mmseg_liteseg.deploy.errors import DeployError
from mmseg_liteseg.deploy.runners import open_artefact
from tests.helpers import REPO

openvino = pytest.importorskip('openvino')
opset = pytest.importorskip('openvino.opset13')


def save(path, shape, quantised=False):
    """Label map of a 1x1 convolution: (N, 3, H, W) -> (N, H, W), int32."""
    x = opset.parameter(shape, np.float32)
    y = x
    if quantised:
        y = opset.fake_quantize(y, *(np.float32(v).reshape(1, 1, 1, 1) for v in (0, 1, 0, 1)), 256)
    weight = np.random.default_rng(0).standard_normal((5, 3, 1, 1)).astype(np.float32)
    y = opset.convolution(y, weight, [1, 1], [0, 0], [0, 0], [1, 1])
    labels = opset.squeeze(opset.topk(y, 1, 1, 'max', 'value').output(1), np.int64([1]))
    openvino.save_model(openvino.Model([labels], [x]), path, compress_to_fp16=False)
    return path


def draw(*shape):
    return np.random.default_rng(1).random((1, 3, *shape), np.float32)


class Failing:
    """A request whose next runs fail: with an error, or in silence as OpenVINO's do on one thread."""

    def __init__(self, request, error):
        self.request, self.error = request, error

    def get_output_tensor(self, index):
        return self.request.get_output_tensor(index)

    def infer(self, inputs):
        if self.error:
            raise RuntimeError('Failed to allocate 50331648 bytes of memory')
        return [self.get_output_tensor(0).data.copy()]  # what lay there before


@pytest.mark.parametrize('shape', [[-1, 3, -1, -1], [1, 3, 8, 12]], ids=['any size', 'one size'])
@pytest.mark.parametrize('error', [True, False], ids=['error', 'silence'])
def test_compiled_anew_after_a_failure(tmp_path, shape, error):
    runner = open_artefact(save(tmp_path / 'a.xml', shape), 1)
    expected, compiled = runner(draw(8, 12)).copy(), runner._compiled
    runner._local.request = Failing(runner._local.request, error)
    with pytest.raises(DeployError, match='allocate' if error else 'gave no output'):
        runner(draw(8, 12))
    assert np.array_equal(runner(draw(8, 12)), expected)
    assert runner._compiled is not compiled


def test_an_int8_model_of_any_size_is_refused(tmp_path):
    with pytest.raises(DeployError, match='--shape H W'):
        open_artefact(save(tmp_path / 'any.xml', [-1, 3, -1, -1], quantised=True))
    assert open_artefact(save(tmp_path / 'one.xml', [1, 3, 8, 12], quantised=True))(draw(8, 12)).shape == (1, 8, 12)


def test_answers_of_many_sizes(tmp_path):
    """The cache of primitives is small; its answers must not depend on it."""
    runner, fresh = (open_artefact(save(tmp_path / 'a.xml', [-1, 3, -1, -1]), 1) for _ in range(2))
    for side in (*range(4, 16), 4, 5):
        runner(draw(side, side + 3))
    assert np.array_equal(runner(draw(9, 7)), fresh(draw(9, 7)))


LETS_GO = """
import gc, signal, sys, threading
from mmseg_liteseg.deploy.runners import open_artefact
kept = [open_artefact(sys.argv[1], 1), open_artefact(sys.argv[1], 1), open_artefact(sys.argv[1], 1)]
kept.pop(0)
last = threading.Thread(target=kept.pop)
last.start()
last.join()
kept.clear()
gc.collect()
signal.signal(signal.SIGUSR1, lambda *_: print('handled'))
signal.raise_signal(signal.SIGUSR1)
"""


def test_signals_are_handled_after_runners_are_gone(tmp_path):
    """In a process of its own, which is ended where OpenVINO took the stack for signals along."""
    command = [sys.executable, '-c', LETS_GO, str(save(tmp_path / 'a.xml', [1, 3, 8, 12]))]
    done = subprocess.run(command, env={**os.environ, 'PYTHONPATH': str(REPO)}, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, 'handled\n'), done.stderr


def test_properties_of_openvino(tmp_path):
    path, x = save(tmp_path / 'a.xml', [1, 3, 8, 12]), draw(8, 12)
    runner = open_artefact(path, 1, options=dict(PERFORMANCE_HINT='LATENCY'))
    assert runner(x).shape == (1, 8, 12)
    assert '(' not in runner.runtime
    with pytest.raises(DeployError, match=r'device CPU: OpenVINO cannot use it .*options: NO_SUCH_PROPERTY'):
        open_artefact(path, options=dict(NO_SUCH_PROPERTY='1'))


def test_streams_answer_at_the_same_time(tmp_path):
    path, inputs = save(tmp_path / 'a.xml', [1, 3, 8, 12]), [draw(8, 12) * (i - 5) for i in range(12)]
    expected = [open_artefact(path, 1)(x) for x in inputs]
    runner = open_artefact(path, 2, streams=2)
    assert runner._compiled.get_property('NUM_STREAMS') == 2
    assert not runner._compiled.get_property('ENABLE_CPU_PINNING')
    with ThreadPoolExecutor(2) as pool:
        assert all(np.array_equal(a, b) for a, b in zip(expected, pool.map(runner, inputs)))


@pytest.mark.skipif(
    'ONEDNN_MAX_CPU_ISA' in os.environ, reason='OpenVINO asks the processor, not oneDNN, whether it has bfloat16'
)
def test_another_precision_is_named(tmp_path):
    runner = open_artefact(save(tmp_path / 'a.xml', [1, 3, 8, 12]), 1, options=dict(INFERENCE_PRECISION_HINT='bf16'))
    assert runner.runtime.endswith('(bf16)')
    assert runner(draw(8, 12)).shape == (1, 8, 12)
