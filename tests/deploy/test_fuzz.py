"""Whatever is handed to the functions that make and judge artefacts: a DeployError of one line, or the right result."""

import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from mmseg_liteseg.deploy.agreement import Bound
from mmseg_liteseg.deploy.data import calibration_examples, scoring_examples
from mmseg_liteseg.deploy.errors import DeployError
from mmseg_liteseg.deploy.export import export
from mmseg_liteseg.deploy.exporters import ExportOptions, write_artefact
from mmseg_liteseg.deploy.graph import interface_of, make_graph
from mmseg_liteseg.deploy.images import find_images, images_of, write_image
from mmseg_liteseg.deploy.optimize import optimize
from mmseg_liteseg.deploy.pipeline import find_pipeline, loading_transforms, read_color_type, read_steps
from mmseg_liteseg.deploy.quantize import quantize
from mmseg_liteseg.deploy.quantizers import QuantizeOptions, write_integer
from mmseg_liteseg.deploy.runners import open_artefact
from mmseg_liteseg.deploy.runners.recorded import record_input
from mmseg_liteseg.deploy.source import load_source
from mmseg_liteseg.deploy.steps import ARGUMENTS, check_steps, from_resize, resize, size_after, take_steps
from mmseg_liteseg.deploy.tensorrt import EngineOptions, build, parse_shape
from mmseg_liteseg.deploy.verify import dump_inputs, find_interface, verify
from mmseg_liteseg.errors import LiteSegError
from mmseg_liteseg.runtime.inputs import find_input

WRONG = [
    True,
    -1,
    2.5,
    math.nan,
    b'x',
    '',
    'a\0b',
    {'a': 1},
    [None],
    object(),
    np.zeros(3),
    np.float32(2),
    torch.zeros(2),
    Image.new('RGB', (3, 3)),
    range(3),
]


def only_ours(function, *args, **kwargs):
    """Whether it was refused, in one line of ours."""
    try:
        function(*args, **kwargs)
    except LiteSegError as error:
        line = str(error)
    else:
        return False
    assert line
    assert '\n' not in line
    return True


class Reached(LiteSegError):
    """The report has begun: the arguments were taken."""


def stop(line):
    raise Reached(line)


@pytest.mark.parametrize(
    'key',
    [
        'model',
        'model.test_cfg',
        'model.data_preprocessor',
        'model.data_preprocessor.bgr_to_rgb',
        'model.backbone.base_channels',
        'model.decode_head.norm_cfg',
        'model.neck.bin_sizes',
        'model.auxiliary_head',
        'test_pipeline',
        'test_dataloader',
        'test_dataloader.dataset.metainfo',
        'default_scope',
    ],
)
def test_settings_of_a_config(tiny, key, monkeypatch):
    monkeypatch.setattr('mmseg_liteseg.deploy.source.load_weights', lambda model, path: {})
    for value in ('x', [None]):
        only_ours(load_source, *map(str, tiny), {key: value})


def test_a_setting_of_a_wrong_type_names_the_config(tiny):
    with pytest.raises(DeployError, match=r'config .*tiny\.py: no model can be made of it \(TypeError: .*str'):
        load_source(*map(str, tiny), {'model.decode_head.num_classes': 'x'})
    with pytest.raises(DeployError, match=r'config .*tiny\.py: .*Nope is not in the'):
        load_source(*map(str, tiny), {'model.decode_head.type': 'Nope'})


@pytest.mark.parametrize('value', [*WRONG, None], ids=lambda value: type(value).__name__)
def test_arguments(source, tiny, tmp_path, value):
    options, out = ExportOptions(size=(32, 32)), tmp_path / 'out'
    assert only_ours(load_source, value, tiny[1])
    assert only_ours(load_source, tiny[0], value)
    assert only_ours(export, value, options, out, 'a')
    assert only_ours(export, source, value, out, 'a')
    assert only_ours(export, source, options, value, 'a')
    assert only_ours(export, source, options, out, value)
    assert only_ours(export, source, options, out, 'a', value)
    assert only_ours(export, source, options, out, 'a', say=value)
    assert only_ours(quantize, source, value, QuantizeOptions(), out, 'a')
    assert only_ours(quantize, source, ExportOptions(opset=13), value, out, 'a')
    assert only_ours(quantize, source, ExportOptions(opset=13), QuantizeOptions(), out, 'a', threads=value)
    assert only_ours(verify, value, source)
    assert only_ours(dump_inputs, value, source)
    assert only_ours(open_artefact, value)
    assert only_ours(optimize, value)
    assert only_ours(optimize, source.model, value)
    assert only_ours(build, value, out, EngineOptions(), Bound())
    assert only_ours(parse_shape, value)
    assert only_ours(take_steps, value, [dict(type='ToFloat32')])
    assert only_ours(size_after, value, [])
    assert only_ours(resize, value, (3, 3))
    if value is not None:  # of these it is the default
        assert only_ours(export, source, options, out, 'a', sizes=value)
        assert only_ours(export, source, options, out, 'a', images=value)
        assert only_ours(optimize, source.model, 'fp32', value)
    assert not out.exists() or not list(out.iterdir())


@pytest.mark.parametrize('value', [*WRONG, None], ids=lambda value: type(value).__name__)
def test_arguments_of_helpers(source, tmp_path, value):
    picture, path = np.zeros((8, 8, 3), np.uint8), tmp_path / 'out'
    assert only_ours(write_image, value, picture, 'color')
    assert only_ours(write_image, path, value, 'color')
    assert only_ours(find_images, value)
    assert only_ours(images_of, value, 1)
    assert only_ours(find_pipeline, value)
    assert only_ours(read_steps, value)
    assert only_ours(read_color_type, value)
    assert only_ours(lambda: list(calibration_examples(value, 1)))
    assert only_ours(lambda: list(scoring_examples(value, 1)))
    assert only_ours(make_graph, value, interface_of(source))
    assert only_ours(make_graph, source, value)
    assert only_ours(write_artefact, value, None, None, None, path)
    assert only_ours(write_integer, value, path, path, [], None, None)
    assert only_ours(record_input, value, picture)
    assert only_ours(find_input, value, path)
    assert only_ours(find_input, str(tmp_path), value)
    if value is not None:  # of these it is the default
        assert only_ours(images_of, (8, 8), 1, folder=value)
        assert only_ours(images_of, (8, 8), 1, source=value)
        assert only_ours(loading_transforms, value)
        assert isinstance(value, dict) or only_ours(from_resize, value)
    assert not list(tmp_path.iterdir())


def test_data_of_a_wrong_type(source):
    for key in ('train_dataloader', 'train_dataloader.dataset', 'train_dataloader.dataset.type'):
        for value in (3, 'x', [None], None):
            cfg = source.cfg.copy()
            cfg.merge_from_dict({key: value})
            assert only_ours(lambda cfg=cfg: list(calibration_examples(cfg, 1))), (key, value)


@pytest.mark.parametrize('kind', ARGUMENTS)
def test_values_of_steps(kind):
    for key in ARGUMENTS[kind]:
        for value in [*WRONG, 'x', (1,), (1, 2, 3), 0]:
            step = {**dict(scale=(8, 8), size=(8, 8), max_size=9), key: value}
            step = {'type': kind, **{name: item for name, item in step.items() if name in ARGUMENTS[kind]}}
            if not only_ours(check_steps, [step], 'x'):
                only_ours(take_steps, np.zeros((6, 7, 3), np.uint8), [step])


@pytest.mark.parametrize('dtype', ['u1', 'b1', 'u2', 'i4', 'i8', 'f2', 'f4', 'f8', 'c8', 'O', 'U3'])
def test_pictures_of_steps(dtype):
    steps = [dict(type='Pad', size_divisor=8, pad_val=3), dict(type='RGB2Gray'), dict(type='ToFloat32')]
    for backend, method in (('cv2', 'bilinear'), ('cv2', 'area'), ('cv2', 'lanczos'), ('pillow', 'bilinear')):
        steps.append(dict(type='Resize', scale=(5, 4), backend=backend, interpolation=method))
    for channels in (1, 2, 3, 4, 6, 0):
        for step in steps:
            only_ours(take_steps, np.zeros((6, 7, channels), dtype), [step])


@pytest.mark.parametrize('kind', [ExportOptions, QuantizeOptions, EngineOptions, Bound], ids=lambda kind: kind.__name__)
def test_options(kind):
    for field in dataclasses.fields(kind):
        for value in [*WRONG, None, 'x', []]:
            only_ours(kind, **{field.name: value})
    for value in (np.zeros(3), torch.zeros(2), object(), {'a': 1}):
        for field in dataclasses.fields(kind):
            assert only_ours(kind, **{field.name: value}), field.name


def test_stated_fields(source):
    for key in ('layout', 'dtype', 'color', 'mean', 'std', 'size', 'batch', 'output', 'threshold', 'bogus'):
        for value in WRONG:
            only_ours(find_interface, source, **{key: value})
    with pytest.raises(DeployError, match='bogus'):
        find_interface(source, bogus=1)


def test_paths_of_every_kind(source, tiny, tmp_path):
    """Texts and paths alike, also with blanks and letters of other alphabets."""
    out = str(tmp_path / 'mit Leer zeichen/модель/出力')
    with pytest.raises(Reached):
        export(source, ExportOptions(size=(32, 32)), out, 'straße', say=stop)
    assert list(Path(out).iterdir()) == []
    assert load_source(Path(tiny[0]), Path(tiny[1])).classes == source.classes


def test_a_folder_that_takes_no_file(source):
    with pytest.raises(DeployError, match='out /proc: nothing was written'):
        export(source, ExportOptions(size=(32, 32)), '/proc', 'x', say=str)
