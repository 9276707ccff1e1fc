import numpy as np
import pytest
import torch

from mmseg_liteseg.deploy.errors import DeployError
from mmseg_liteseg.deploy.export import export
from mmseg_liteseg.deploy.exporters import ExportOptions
from mmseg_liteseg.deploy.runners import SUFFIXES, open_artefact
from mmseg_liteseg.deploy.source import reference_logits
from mmseg_liteseg.deploy.verify import dump_inputs, find_interface, verify

SIZES = ((72, 96), (50, 33))


def forget_metadata(path):
    onnx = pytest.importorskip('onnx')
    model = onnx.load(str(path))
    del model.metadata_props[:]
    onnx.save(model, str(path))


def export_onnx(source, folder, **options):
    pytest.importorskip('onnx')
    pytest.importorskip('onnxruntime')
    return export(source, ExportOptions(**options), folder, 'tiny', sizes=SIZES, say=str)[0]


@pytest.mark.parametrize(('output', 'raw'), [('labels', True), ('logits', False), ('scores', False)])
def test_a_file_that_says_nothing_of_itself(source, tmp_path, output, raw):
    path = export_onnx(source, tmp_path, output=output, raw=raw)
    forget_metadata(path)
    assert open_artefact(path).metadata is None
    rows = verify(path, source, SIZES, say=str)
    assert all(row.passed for row in rows)


def test_stated_colour_takes_its_mean_along(source):
    interface = find_interface(source, dtype='uint8', color='bgr')
    assert interface.mean == (130.0, 125.0, 120.0)
    assert interface.layout == 'NHWC'


def test_another_models_file_is_told_apart(source, tmp_path):
    path = export_onnx(source, tmp_path, output='logits')
    key = 'decode_head.conv_seg.weight'
    state = source.model.state_dict()
    original = state[key].clone()
    try:
        state[key] *= 1.01
        with pytest.raises(DeployError, match='does not agree'):
            verify(path, source, SIZES, say=str)
    finally:
        state[key].copy_(original)


def test_static_file_refuses_other_sizes(source, tmp_path):
    path = export_onnx(source, tmp_path, size=(64, 96))
    with pytest.raises(DeployError, match='only 64x96'):
        verify(path, source, SIZES, say=str)
    assert len(verify(path, source, say=str)) == 1


def test_recorded_outputs(source, tmp_path):
    for file in dump_inputs(tmp_path, source, SIZES):
        logits = reference_logits(source.model, torch.from_numpy(np.load(file)))
        np.save(str(file).replace('.input.', '.output.'), logits.numpy())
    assert [row.batch for row in verify(tmp_path, source, SIZES, say=str)] == [1, 1, 2]
    with pytest.raises(DeployError, match=r'1x3x40x40_\w+\.output\.npy is missing'):
        verify(tmp_path, source, [(40, 40)], say=str)


def test_missing_and_unknown_files(tmp_path):
    with pytest.raises(DeployError, match='no such file'):
        open_artefact(tmp_path / 'gone.onnx')
    (tmp_path / 'x.tflite').touch()
    with pytest.raises(DeployError, match='suffix'):
        open_artefact(tmp_path / 'x.tflite')
    with pytest.raises(DeployError, match=r'holds no \*\.output\.npy'):
        open_artefact(tmp_path)


@pytest.mark.parametrize('suffix', [s for s in SUFFIXES if s not in ('.engine', '.plan')])
def test_broken_files(tmp_path, suffix):
    module = {'.onnx': 'onnxruntime', '.xml': 'openvino', '.param': 'ncnn'}.get(suffix)
    if module:
        pytest.importorskip(module)
    path = tmp_path / f'x{suffix}'
    path.write_text('not a model')
    (tmp_path / 'x.bin').touch()
    with pytest.raises(DeployError, match='cannot read it'):
        open_artefact(path)
