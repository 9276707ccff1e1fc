import pytest

from mmseg_liteseg.errors import SettingError
from mmseg_liteseg.models.segmentors.replaceable import check_test_cfg
from mmseg_liteseg.registry import MODELS


@pytest.mark.parametrize(
    ('kind', 'options', 'message'),
    [
        ('', dict(decode_head=[{}, {}]), r"a list, .* set type='mmseg_liteseg\.FastCascadeEncoderDecoder'"),
        ('', dict(decode_head=dict(type='mmseg.VPDDepthHead')), r'predicts depth, .* leave model\.type as it was'),
        ('', dict(decode_head={}, image_encoder={}), r"image_encoder .* MultimodalEncoderDecoder's"),
        ('Cascade', dict(decode_head={}), r"a single head, .* set type='mmseg_liteseg\.FastEncoderDecoder'"),
        ('Cascade', dict(decode_head=[{}], num_stages=1), r"a single head, .*type='mmseg_liteseg\.FastEncoderDecoder'"),
        ('Cascade', dict(decode_head=[{}, {}]), r'num_stages is missing: set it to the number of heads, 2'),
    ],
)
def test_configs_of_other_segmentors_are_refused_in_a_sentence(kind, options, message):
    cfg = dict(type=f'mmseg_liteseg.Fast{kind}EncoderDecoder', **options)
    if 'image_encoder' not in options:
        cfg['backbone'] = dict(type='STDCNet')
    with pytest.raises(SettingError, match=message):
        MODELS.build(cfg)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(mode='window'), r"test_cfg\.mode must be 'whole' or 'slide', got 'window'"),
        (dict(mode='slide', crop_size=(64, 64)), r'test_cfg\.stride must be a height and a width .* got None'),
        (
            dict(mode='slide', crop_size=64, stride=(43, 43)),
            r'test_cfg\.crop_size must be a height and a width .* got 64',
        ),
        (dict(mode='slide', crop_size=(64, 64), stride=(0, 43)), r'test_cfg\.stride must be'),
        (dict(mode='slide', crop_size=(64, 64), stride=(64, 65)), r'test_cfg\.stride \(64, 65\) is larger than'),
    ],
)
def test_settings_that_fail_at_the_first_picture_are_refused_at_once(options, message):
    with pytest.raises(SettingError, match=message):
        check_test_cfg(options)
    head = dict(type='mmseg.FCNHead', in_channels=64, channels=4, num_classes=2)
    backbone = dict(type='mmseg_liteseg.STDCNet', base_channels=4)
    cfg = dict(type='mmseg_liteseg.FastEncoderDecoder', backbone=backbone, decode_head=head)
    with pytest.raises(SettingError, match=message):
        MODELS.build(dict(cfg, test_cfg=options))


def test_what_works_is_let_through():
    for options in (None, {}, dict(mode='whole'), dict(mode='slide', crop_size=[999, 33], stride=[17, 33])):
        check_test_cfg(options)
