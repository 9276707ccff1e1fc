"""Runtimes of docs/deploy that are not ours: each where its package is installed."""

import shutil
import subprocess

import cv2
import numpy as np
import pytest
import torch

from mmseg_liteseg.deploy.export import export
from mmseg_liteseg.deploy.exporters import ExportOptions
from mmseg_liteseg.deploy.runners import open_artefact
from tests.helpers import REPO

# Two classes can be equal within rounding, which is not the same everywhere; none was seen.
TIES = 1e-3


@pytest.fixture
def exported(source, tmp_path):
    """Exports and gives the file, an input of 75 x 110, and what its own runtime says of it."""

    def make(kind='onnx', **options):
        pytest.importorskip('onnxruntime' if kind == 'onnx' else 'torch')
        chosen = ExportOptions(formats=(kind,), **options)
        path = export(source, chosen, tmp_path, 'x', sizes=((64, 64),), say=str)[0]
        image = np.random.default_rng(0).standard_normal((1, 3, 75, 110)).astype(np.float32)
        return path, image, open_artefact(path, 1)(image)

    return make


@pytest.mark.parametrize('output', ['labels', 'scores'])
def test_opencv(exported, output):
    if not hasattr(cv2.dnn, 'ENGINE_CLASSIC'):
        pytest.skip(f'needs OpenCV 5, found {cv2.__version__}')
    path, image, expected = exported(output=output, size=(75, 110))
    net = cv2.dnn.readNetFromONNX(str(path), cv2.dnn.ENGINE_CLASSIC)
    net.setInput(image)
    found = net.forward()
    if output == 'labels':
        assert np.mean(found.reshape(expected.shape) != expected) <= TIES
    else:
        assert abs(found - expected).max() < 1e-5 * abs(expected).max()


@pytest.mark.parametrize('size', [None, (75, 110)], ids=['any size', 'one size'])
def test_onnxruntime_web(exported, tmp_path, size):
    found = shutil.which('node') and subprocess.run(['node', '-e', "require('onnxruntime-web')"], capture_output=True)
    if not found or found.returncode:
        pytest.skip('needs node and onnxruntime-web (npm install onnxruntime-web, NODE_PATH=node_modules)')
    path, image, expected = exported(size=size)
    image.tofile(tmp_path / 'in.f32')
    script, files = REPO / 'docs/deploy/web/segment.js', (path, tmp_path / 'in.f32', tmp_path / 'out.bin')
    done = subprocess.run(['node', script, *files, *map(str, image.shape)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == 'uint8 1x75x110'
    assert np.mean(np.fromfile(tmp_path / 'out.bin', np.uint8).reshape(expected.shape) != expected) <= TIES


def test_core_ml(exported, tmp_path):
    coremltools = pytest.importorskip('coremltools', reason='needs coremltools')
    path, image, expected = exported('torchscript', output='scores', size=(75, 110))
    inputs = [coremltools.TensorType('image', shape=image.shape)]
    model = coremltools.convert(torch.jit.load(str(path)).eval(), inputs=inputs, convert_to='mlprogram')
    model.save(str(tmp_path / 'x.mlpackage'))
    (output,) = model.get_spec().description.output
    assert list(output.type.multiArrayType.shape) in ([], list(expected.shape))
    assert (tmp_path / 'x.mlpackage/Data').is_dir()


def test_rknn(exported):
    """The simulator of a board, in float16."""
    rknn = pytest.importorskip('rknn.api', reason='needs rknn-toolkit2, see docs/deploy/rknn.md')
    path, image, expected = exported(size=(75, 110), output='scores')
    toolkit = rknn.RKNN(verbose=False)
    toolkit.config(target_platform='rk3588')
    assert toolkit.load_onnx(model=str(path)) == 0
    assert toolkit.build(do_quantization=False) == 0
    assert toolkit.init_runtime() == 0
    (found,) = toolkit.inference(inputs=[image], data_format=['nchw'])
    assert abs(found - expected).max() < 1e-2 * abs(expected).max()
    assert np.mean(found.argmax(1) != expected.argmax(1)) < 0.02
