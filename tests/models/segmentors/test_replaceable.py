import pytest

from mmseg_liteseg.errors import SettingError
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
