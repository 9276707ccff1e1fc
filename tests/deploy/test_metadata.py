import json

import numpy as np
import pytest
import torch

from mmseg_liteseg.deploy.errors import DeployError
from mmseg_liteseg.deploy.metadata import Interface, Metadata

RGB = dict(
    layout='NCHW', dtype='float32', color='rgb', mean=(1.0, 2.0, 3.0), std=(4.0, 5.0, 6.0), size=None, batch=None
)


def make(**changes):
    return Interface(**{**RGB, 'output': 'labels', **changes})


def test_roundtrip():
    metadata = Metadata(
        make(size=(512, 1024), batch=1),
        ('road', 'sky'),
        ((1, 2, 3), (4, 5, 6)),
        (dict(type='ToFloat32'), dict(type='Resize', scale_factor=0.5)),
        dict(config='a.py'),
        dict(torch='2'),
    )
    assert Metadata.from_json(metadata.to_json(), 'x.onnx') == metadata


@pytest.mark.parametrize('text', ['', '[]', '{}', '{"format": 1}', '{"format": 1, "interface": {"layout": "NCHW"}}'])
def test_broken_text_names_the_file(text):
    with pytest.raises(DeployError, match=r'x\.onnx'):
        Metadata.from_json(text, 'x.onnx')


def test_classes_that_are_a_yes_or_no_each():
    metadata = Metadata(make(multi_label=True, threshold=0.5), ('a',), ((1, 2, 3),))
    assert Metadata.from_json(metadata.to_json(), 'x.onnx') == metadata
    with pytest.raises(DeployError, match='threshold: expected a probability'):
        make(multi_label=True)


def test_later_format_is_refused():
    text = json.loads(Metadata(make(), ('a',), ()).to_json())
    with pytest.raises(DeployError, match='format 4'):
        Metadata.from_json(json.dumps({**text, 'format': 4}), 'x.onnx')


@pytest.mark.parametrize('field', ['layout', 'dtype', 'color', 'output'])
def test_values_are_checked(field):
    with pytest.raises(DeployError, match=field):
        make(**{field: 'nonsense'})


def test_prepare_is_the_models_own_preprocessing(source):
    images = np.random.default_rng(0).integers(0, 256, (2, 5, 7, 3), dtype=np.uint8)
    tensors = [torch.from_numpy(image).permute(2, 0, 1) for image in images]
    expected = source.model.data_preprocessor(dict(inputs=tensors))['inputs'].numpy()
    interface = make(mean=(120.0, 125.0, 130.0), std=(60.0, 65.0, 70.0))
    np.testing.assert_allclose(interface.prepare(images), expected, atol=1e-6)


def test_prepare_raw_only_orders_channels():
    images = np.arange(24, dtype=np.uint8).reshape(1, 2, 4, 3)
    raw = dict(layout='NHWC', dtype='uint8')
    assert np.array_equal(make(color='bgr', **raw).prepare(images), images)
    found = make(color='rgb', **raw).prepare(images)
    assert found.dtype == np.uint8
    assert found.flags['C_CONTIGUOUS']
    assert np.array_equal(found, images[..., ::-1])


def test_resize_of_format_1_becomes_steps():
    text = json.loads(Metadata(make(), ('a',), ()).to_json())
    del text['steps']
    old = json.dumps({**text, 'format': 1, 'resize': dict(scale_factor=0.5, to_float32=True)})
    assert Metadata.from_json(old, 'x.onnx').steps == (dict(type='ToFloat32'), dict(type='Resize', scale_factor=0.5))
