"""The steps of the runtime against the host's transforms, number for number."""

import numpy as np
import pytest
from mmseg.registry import TRANSFORMS

from mmseg_liteseg.deploy.errors import DeployError
from mmseg_liteseg.deploy.steps import check_steps, from_resize, size_after, take_steps

SIZES = ((45, 61), (30, 40), (61, 33), (1, 7))
METHODS = [
    dict(type='Resize', scale=[40, 30], interpolation=name) for name in ('nearest', 'bicubic', 'area', 'lanczos')
]
STEPS = [
    dict(type='Resize', scale_factor=0.5),
    dict(type='Resize', scale_factor=[0.4, 1.3]),
    dict(type='Resize', scale=[40, 30]),
    dict(type='Resize', scale=[64, 48], keep_ratio=True),
    dict(type='Resize', scale=[48, 64], keep_ratio=True),
    dict(type='Resize', scale=50, keep_ratio=True),
    dict(type='ResizeToMultiple'),
    dict(type='ResizeToMultiple', size_divisor=[8, 16], interpolation='nearest'),
    dict(type='ResizeShortestEdge', scale=32, max_size=50),
    dict(type='ResizeShortestEdge', scale=[20, 90], max_size=200),
    dict(type='Pad', size=[64, 72]),
    dict(type='Pad', size_divisor=32, pad_val=7),
    dict(type='Pad', pad_to_square=True, pad_val=dict(img=[1, 2, 3], seg=255)),
    dict(type='Pad', size_divisor=16, padding_mode='reflect'),
    dict(type='Pad', size_divisor=16, padding_mode='edge'),
    dict(type='RGB2Gray'),
    dict(type='RGB2Gray', out_channels=1, weights=[0.2, 0.3, 0.5]),
    *METHODS,
]


def draw(size, dtype):
    return np.random.default_rng(0).integers(0, 256, (*size, 3)).astype(dtype)


def host(step, image):
    """The host's transform on an image; lists become the tuples of a config."""
    fields = {key: tuple(value) if isinstance(value, list) else value for key, value in step.items()}
    if isinstance(fields.get('pad_val'), dict):
        fields['pad_val'] = {key: tuple(v) if isinstance(v, list) else v for key, v in fields['pad_val'].items()}
    return TRANSFORMS.build(fields)(dict(img=image, img_shape=image.shape[:2]))['img']


@pytest.mark.parametrize('dtype', [np.uint8, np.float32])
@pytest.mark.parametrize('size', SIZES)
@pytest.mark.parametrize('step', STEPS, ids=str)
def test_as_the_host(step, size, dtype):
    if size == (1, 7) and step.get('padding_mode') == 'reflect':
        pytest.skip('OpenCV mirrors no single row')
    image = draw(size, dtype)
    expected = host(step, image)
    found = take_steps(image, [step])
    assert size_after(size, [step]) == expected.shape[:2]
    assert found.dtype == expected.dtype
    assert np.array_equal(found, expected.reshape(found.shape))


@pytest.mark.parametrize('method', ['nearest', 'bilinear', 'bicubic', 'lanczos'])
def test_pillows_resize(method):
    step = dict(type='Resize', scale=[40, 30], backend='pillow', interpolation=method)
    image = draw((45, 61), np.uint8)
    assert np.array_equal(take_steps(image, [step]), host(step, image))
    with pytest.raises(DeployError, match='backend pillow takes uint8'):
        take_steps(image.astype(np.float32), [step])


def test_one_after_the_other():
    steps = [
        dict(type='ToFloat32'),
        dict(type='Resize', scale_factor=0.5),
        dict(type='Pad', size_divisor=32, pad_val=3),
        dict(type='ResizeToMultiple', size_divisor=24),
    ]
    image = draw((45, 61), np.uint8)
    expected = image.astype(np.float32)
    for step in steps[1:]:
        expected = host(step, expected)
    assert np.array_equal(take_steps(image, steps), expected)
    assert size_after((45, 61), steps) == expected.shape[:2]


def test_metadata_of_format_1():
    assert from_resize(None) == ()
    floats, resize = from_resize(dict(scale_factor=0.5, to_float32=True))
    assert floats == dict(type='ToFloat32')
    assert resize == dict(type='Resize', scale_factor=0.5)


@pytest.mark.parametrize(
    ('step', 'message'),
    [
        (dict(type='CLAHE'), "step 'CLAHE'"),
        (dict(type='Resize', scale=[4, 4], clip=True), "unknown argument 'clip'"),
        (dict(type='Resize', scale=[4, 4], interpolation='hamming'), 'hamming'),
    ],
)
def test_unknown_steps(step, message):
    with pytest.raises(DeployError, match=message):
        check_steps([step], 'a.json')
