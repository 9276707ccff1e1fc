import pytest
from mmengine.config import Config

from mmseg_liteseg.deploy.errors import DeployError
from mmseg_liteseg.deploy.pipeline import find_pipeline, loading_transforms, read_steps

LOAD, PACK = dict(type='LoadImageFromFile'), dict(type='PackSegInputs')


def test_steps_that_travel():
    cached = dict(type='mmseg_liteseg.CachedLoading', transforms=[dict(LOAD, to_float32=True)])
    pipeline = [
        cached,
        dict(type='mmseg.Resize', scale=(96, 64), keep_ratio=True),
        dict(type='LoadAnnotations', reduce_zero_label=True),
        dict(type='RandomFlip', prob=0.0),
        dict(type='Pad', size_divisor=32),
        PACK,
    ]
    assert read_steps(pipeline) == (
        dict(type='ToFloat32'),
        dict(type='Resize', scale=[96, 64], keep_ratio=True),
        dict(type='Pad', size_divisor=32),
    )
    assert [step['type'] for step in loading_transforms(pipeline)] == ['LoadImageFromFile', 'LoadAnnotations']
    assert 'to_float32' not in loading_transforms(pipeline)[0]


@pytest.mark.parametrize(
    'step',
    [
        dict(type='CLAHE'),
        dict(type='AdjustGamma', gamma=0.5),
        dict(type='RandomFlip', prob=0.5),
        dict(type='Resize', scale=(4, 4), clip_object_border=False),
        dict(type='Resize', scale=(4, 4), interpolation='hamming', backend='pillow'),
        dict(type='SomeoneElses.Sharpen'),
    ],
    ids=lambda step: step['type'],
)
def test_steps_that_do_not_are_named(step):
    name = step['type'].rsplit('.', 1)[-1]
    with pytest.raises(DeployError, match=name):
        read_steps([LOAD, step, PACK])


def test_where_the_pipeline_is_found():
    loader = dict(dataset=dict(type='RepeatDataset', dataset=dict(pipeline=[PACK])))
    assert find_pipeline(Config(dict(test_pipeline=[LOAD], test_dataloader=loader))) == [LOAD]
    assert find_pipeline(Config(dict(test_dataloader=loader))) == [PACK]
    assert find_pipeline(Config(dict(val_dataloader=loader))) == [PACK]
    with pytest.raises(DeployError, match='no test_pipeline'):
        find_pipeline(Config(dict()))


def test_a_pipeline_left_behind_by_a_base_is_refused():
    """Of 16 bits: tested as they are, but inference_model would read them as 8."""
    loader = dict(dataset=dict(pipeline=[dict(LOAD, color_type='unchanged'), PACK]))
    with pytest.raises(DeployError, match=r"color_type='color', but the test data with 'unchanged'"):
        find_pipeline(Config(dict(test_pipeline=[LOAD, PACK], test_dataloader=loader)))


@pytest.mark.parametrize('probability', [0, 0.0, [0.0, 0]])
def test_a_flip_that_never_happens_is_none(probability):
    assert read_steps([LOAD, dict(type='RandomFlip', prob=probability), PACK]) == ()


@pytest.mark.parametrize('step', ['Resize', None, dict(scale=(4, 4)), ['Resize']])
def test_what_is_no_step_is_named(step):
    with pytest.raises(DeployError, match=r'^test_pipeline: expected steps like dict\(type=...\), got'):
        read_steps([LOAD, step, PACK])


def test_scales_of_a_resize():
    assert read_steps([dict(type='Resize', scale=64, keep_ratio=True)])[0]['scale'] == 64  # mmcv makes two of one
    with pytest.raises(DeployError, match=r'scale: expected two sides, got \[\[96, 64\], \[192, 128\]\]'):
        read_steps([dict(type='Resize', scale=[(96, 64), (192, 128)])])
    with pytest.raises(DeployError, match='scale_factor: expected a number above 0, got 0'):
        read_steps([dict(type='Resize', scale_factor=0)])
