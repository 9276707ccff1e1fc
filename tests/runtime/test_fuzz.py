"""Whatever is handed to the public functions: the right result, or a DeployError of one line that names it."""

import json
import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from mmseg_liteseg.deploy.errors import DeployError
from mmseg_liteseg.deploy.metadata import Metadata
from mmseg_liteseg.runtime import Segmenter, Tiling, read_image
from mmseg_liteseg.runtime.opening import read_metadata
from tests.runtime.conftest import INTERFACE

DTYPES = (
    'uint8',
    'int8',
    'bool',
    'uint16',
    'int32',
    'int64',
    'float16',
    'float32',
    'float64',
    'complex64',
    'object',
    '<U3',
)
SHAPES = st.lists(st.integers(0, 5), max_size=5).map(tuple)
ODD = [
    None,
    1,
    2.5,
    'street.jpg',
    b'x',
    {},
    {'a': 1},
    object(),
    [],
    [None],
    [[1, 2]],
    (np.zeros((2, 2, 3)), None),
    range(3),
]
SLOW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def only_ours(function, *args, **kwargs):
    """The result; or None after an error of ours, which is one line."""
    try:
        return function(*args, **kwargs)
    except DeployError as error:
        line = str(error)
    assert line
    assert '\n' not in line
    return None


@SLOW
@given(shape=SHAPES, dtype=st.sampled_from(DTYPES), output=st.sampled_from(['labels', 'scores']), scores=st.booleans())
def test_arrays(segmenter, shape, dtype, output, scores):
    made, image = segmenter(output=output), np.zeros(shape, dtype)
    found = only_ours(made.predict, image, scores=scores)
    if found is not None and image.ndim in (2, 3):
        mask = found[0] if scores else found
        assert mask.shape == image.shape[:2]
    only_ours(made.overlay, image)


@pytest.mark.parametrize('value', ODD, ids=lambda value: type(value).__name__)
def test_other_objects(segmenter, value):
    made = segmenter()
    found = only_ours(made.predict, value)
    assert found is None or found == []
    only_ours(made.overlay, value)
    only_ours(made.overlay, np.zeros((4, 4, 3), np.uint8), value)


@pytest.mark.parametrize('value', [None, math.nan, -1, 2, 'x', [], 10**9], ids=repr)
def test_options(segmenter, stub, value):
    path = stub().path
    for name in ('threads', 'batch', 'order', 'device', 'options', 'tiling', 'metadata'):
        if not (name in ('device', 'options', 'tiling', 'metadata') and value is None):
            only_ours(Segmenter, path, **{name: value})
    only_ours(Segmenter, value)
    only_ours(segmenter().overlay, np.zeros((4, 4, 3), np.uint8), alpha=value)
    only_ours(read_image, value)
    only_ours(read_metadata, value)
    only_ours(Tiling, value, 2)
    only_ours(Tiling, (8, 8), value)


@pytest.mark.parametrize('mode', ['1', 'L', 'LA', 'P', 'RGB', 'RGBA', 'CMYK', 'YCbCr', 'I', 'F', 'I;16'])
def test_pictures_of_pillow(segmenter, mode):
    found = only_ours(segmenter().predict, Image.new(mode, (7, 5)))
    assert found is None or found.shape == (5, 7)


METADATA = dict(
    format=2, interface={**INTERFACE, 'output': 'labels'}, classes=['a', 'b'], palette=[[1, 2, 3], [4, 5, 6]]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 300) | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


@SLOW
@given(key=st.sampled_from([*METADATA, 'steps', 'resize', *INTERFACE]), value=VALUES)
def test_metadata(stub, key, value):
    text = json.loads(json.dumps(METADATA))
    (text['interface'] if key in INTERFACE else text)[key] = value
    metadata = only_ours(Metadata.from_json, json.dumps(text), 'x.json')
    if metadata is not None:
        made = only_ours(Segmenter, stub().path, metadata=metadata)
        if made is not None:
            only_ours(made.predict, np.zeros((4, 4, 3), np.uint8))
