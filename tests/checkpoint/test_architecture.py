import pytest
from mmengine.registry import init_default_scope

from mmseg_liteseg.checkpoint.architecture import detect_context, detect_decoder, detect_encoder
from mmseg_liteseg.checkpoint.errors import CheckpointFileError
from mmseg_liteseg.checkpoint.guard import shapes_of
from mmseg_liteseg.checkpoint.names import OURS, PADDLE
from mmseg_liteseg.registry import MODELS
from tests.checkpoint.builders import FUSIONS, make_config, make_parts

DETECTORS = (detect_encoder, detect_context, detect_decoder)


def layout(parts, names):
    return dict(entry for part in parts for entry in part.layout(names))


@pytest.mark.parametrize('options', FUSIONS, ids=str)
@pytest.mark.parametrize('arch', ['stdc1', 'stdc2'])
def test_layout_is_the_models_state_dict(arch, options):
    init_default_scope('mmseg')
    model = MODELS.build(make_config(arch, **options).model)
    assert layout(make_parts(arch, **options), OURS) == shapes_of(model.state_dict())


@pytest.mark.parametrize('options', FUSIONS, ids=str)
@pytest.mark.parametrize('names', [PADDLE, OURS], ids=['paddle', 'ours'])
def test_detection_inverts_the_layout(names, options):
    for arch, classes in (('stdc1', 2), ('stdc2', 19)):
        parts = make_parts(arch, num_classes=classes, **options)
        shapes = layout(parts, names)
        assert tuple(detect(shapes, names) for detect in DETECTORS) == parts


def test_paddle_numbers_the_blocks_in_a_row():
    keys = layout(make_parts('stdc2'), PADDLE)
    assert 'backbone.features.13.conv_list.3.bn._variance' in keys
    assert [i for i in range(14) if f'backbone.features.{i}.avd_layer.0.weight' in keys] == [2, 6, 11]


def test_keys_and_shapes_are_the_originals(shared_reference):
    import json

    cases = json.loads((shared_reference / 'parity/state_dict_shapes.json').read_text())
    for name, expected in cases.items():
        expected = {key: tuple(shape) for key, shape in expected.items() if not key.endswith('._scale')}
        parts = [detect(expected, PADDLE) for detect in DETECTORS]
        assert layout(parts, PADDLE) == expected, name
        assert len(layout(parts, OURS)) == len(expected)


def test_descriptions_name_model_and_classes():
    words = ' '.join(map(str, make_parts('stdc2', num_classes=11, fusion='ChannelUAFM', use_max=False)))
    for part in ('STDC2', 'PP-LiteSeg-B', '4-5-3', '8 base channels', '3 ChannelUAFM', 'use_max=False', '11 classes'):
        assert part in words


@pytest.mark.parametrize(
    ('remove', 'detect', 'message'),
    [
        ('backbone.features.3.', detect_encoder, r'\(1, 2, 2\).*STDC1 has \(2, 2, 2\)'),
        ('backbone.', detect_encoder, 'no STDC blocks'),
        ('backbone.features.0.', detect_encoder, r'lacks backbone\.features\.0\.conv\.weight'),
        ('ppseg_head.cm.', detect_context, r'lacks ppseg_head\.cm\.stages\.0\.1\._conv\.weight'),
        ('ppseg_head.arm_list.', detect_decoder, r'lacks ppseg_head\.arm_list\.0\.conv_x\._conv\.weight'),
        ('seg_heads.', detect_decoder, r'lacks seg_heads\.0\.conv_out\.weight'),
    ],
)
def test_what_is_no_ppliteseg_is_named(remove, detect, message):
    shapes = layout(make_parts(), PADDLE)
    # blocks behind a gap count on
    shapes = {key: shape for key, shape in shapes.items() if not key.startswith(remove)}
    if remove.endswith('3.'):
        shapes = {_shift(key): shape for key, shape in shapes.items()}
    with pytest.raises(CheckpointFileError, match=message):
        detect(shapes, PADDLE)


def _shift(key):
    head, _, tail = key.partition('backbone.features.')
    index, _, rest = tail.partition('.')
    return f'backbone.features.{int(index) - 1}.{rest}' if not head and tail and int(index) > 3 else key


def test_a_weight_of_another_rank_is_named():
    shapes = {**layout(make_parts(), PADDLE), 'backbone.features.0.conv.weight': (32, 27)}
    with pytest.raises(CheckpointFileError, match='four dimensions'):
        detect_encoder(shapes, PADDLE)
