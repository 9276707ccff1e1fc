import copy

import pytest
import torch
from mmengine.registry import init_default_scope
from mmengine.runner import load_checkpoint

from mmseg_liteseg.checkpoint.errors import CheckpointMismatchError
from mmseg_liteseg.checkpoint.guard import mark, select_part
from mmseg_liteseg.registry import MODELS
from tests.checkpoint.builders import make_config, write_pdparams

pytestmark = pytest.mark.filterwarnings('ignore:Default ``avg_non_ignore``:UserWarning')


@pytest.fixture(scope='module')
def weights(tmp_path_factory):
    return str(write_pdparams(tmp_path_factory.mktemp('weights') / 'model.pdparams'))


def build(*args, **kwargs):
    init_default_scope('mmseg')
    return MODELS.build(make_config(*args, **kwargs).model)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(arch='stdc2'), r'backbone in the file is STDC1, PP-LiteSeg-T.*builds STDC2, PP-LiteSeg-B'),
        (dict(num_classes=11), r'for 19 classes; the config builds .*for 11 classes.*tools/convert_paddle\.py'),
        (dict(fusion='ChannelUAFM'), r'3 SpatialUAFM with use_max=True.*builds .*3 ChannelUAFM with use_max=True'),
        (dict(use_max=False), r'use_max=True .*builds .*use_max=False'),
        (dict(separable=True), r'builds .*separable=True'),
        (dict(base=16), r'8 base channels.*builds .*16 base channels'),
    ],
)
def test_a_misfit_says_in_words_what_differs(weights, options, message):
    with pytest.raises(CheckpointMismatchError, match=message) as info:
        load_checkpoint(build(**options), weights)
    assert weights in str(info.value)


def test_a_missing_auxiliary_head_is_a_misfit(weights):
    cfg = make_config()
    cfg.model.decode_head.aux_channels = ()
    init_default_scope('mmseg')
    with pytest.raises(CheckpointMismatchError, match=r'heads of \(8, 6, 6\).*heads of \(8,\)'):
        load_checkpoint(MODELS.build(cfg.model), weights)


def test_other_checkpoints_keep_mmengines_ways(weights, tmp_path):
    """It warns, and loads what fits: that is how people fine-tune for other classes."""
    model = build()
    load_checkpoint(model, weights)
    torch.save(dict(state_dict=model.state_dict()), tmp_path / 'x.pth')
    other = build(num_classes=11)
    before = other.decode_head.conv_seg.weight.clone()
    load_checkpoint(other, str(tmp_path / 'x.pth'))
    assert torch.equal(other.decode_head.conv_seg.weight, before)
    assert torch.equal(other.backbone.stem[0].conv.weight, model.backbone.stem[0].conv.weight)


def test_the_mark_does_not_stick_to_the_model(weights, tmp_path):
    model = build()
    load_checkpoint(model, weights)
    clone = copy.deepcopy(model)
    assert not any(hasattr(value, '_paddle_source') for value in clone.state_dict().values())
    torch.save(model.state_dict(), tmp_path / 'x.pth')
    assert len(torch.load(tmp_path / 'x.pth', weights_only=True)) == len(model.state_dict())


def test_plain_torch_loading_is_guarded_too():
    model = build()
    wrong = {key: value.clone() for key, value in build(arch='stdc2').state_dict().items()}
    mark(wrong, 'file')
    with pytest.raises(CheckpointMismatchError):
        model.load_state_dict(wrong, strict=False)
    right = {key: value.clone() for key, value in model.state_dict().items()}
    mark(right, 'file')
    model.load_state_dict(right)


@pytest.mark.parametrize('part', ['backbone', 'neck', 'decode_head'])
def test_a_part_takes_its_own_of_a_whole_model(weights, part):
    model, other = build(), build()
    load_checkpoint(model, weights)
    module = getattr(other, part)
    load_checkpoint(module, weights)
    for key, value in getattr(model, part).state_dict().items():
        assert torch.equal(module.state_dict()[key], value)


@pytest.mark.parametrize(
    ('keys', 'expected'),
    [
        (['backbone.stem.x', 'neck.y'], ['stem.x']),
        (['stem.x', 'stages.y'], ['stem.x', 'stages.y']),
        (['backbone.stem.x', 'auxiliary_head.y'], ['backbone.stem.x', 'auxiliary_head.y']),
        (['neck.y'], ['neck.y']),
    ],
)
def test_select_part(keys, expected):
    state_dict = {key: torch.zeros(1) for key in keys}
    select_part(state_dict, 'backbone')
    assert list(state_dict) == expected
