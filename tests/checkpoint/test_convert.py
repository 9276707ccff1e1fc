import numpy as np
import pytest
import torch

from mmseg_liteseg.checkpoint.convert import from_paddle, to_paddle
from mmseg_liteseg.checkpoint.errors import CheckpointFileError
from tests.checkpoint.builders import FUSIONS, make_arrays, make_encoder_arrays
from tests.paddle_reference import make_param


@pytest.mark.parametrize('options', FUSIONS, ids=str)
@pytest.mark.parametrize('arch', ['stdc1', 'stdc2'])
def test_there_and_back_is_the_identity(arch, options):
    arrays = make_arrays(arch=arch, **options)
    there = from_paddle(arrays)
    back = to_paddle(there.tensors)
    assert set(back.tensors) == set(arrays)
    for key, array in arrays.items():
        np.testing.assert_array_equal(back.tensors[key], array)
    assert len(there.report.used) + len(there.report.dropped) == len(arrays)
    assert len(set(there.report.used.values())) == len(there.report.used)


def test_every_kind_of_key():
    tensors = from_paddle(make_arrays()).tensors
    for paddle, ours in {
        'backbone.features.1.bn._variance': 'backbone.stem.1.bn.running_var',
        'backbone.features.4.avd_layer.1._mean': 'backbone.stages.1.0.downsample.bn.running_mean',
        'backbone.features.7.conv_list.2.conv.weight': 'backbone.stages.2.1.convs.2.conv.weight',
        'ppseg_head.cm.stages.2.1._conv.bias': 'neck.branches.2.conv.bias',
        'ppseg_head.cm.conv_out._batch_norm.weight': 'neck.conv_out.bn.weight',
        'ppseg_head.arm_list.0.conv_x._conv.weight': 'decode_head.fusions.0.conv_skip.conv.weight',
        'ppseg_head.arm_list.2.conv_out._conv.weight': 'decode_head.fusions.2.conv_out.conv.weight',
        'ppseg_head.arm_list.2.conv_xy_atten.1._batch_norm.bias': 'decode_head.fusions.2.attention.1.bn.bias',
        'seg_heads.0.conv._conv.weight': 'decode_head.cls_conv.conv.weight',
        'seg_heads.0.conv_out.weight': 'decode_head.conv_seg.weight',
        'seg_heads.2.conv._batch_norm._mean': 'decode_head.aux_heads.1.conv.bn.running_mean',
        'seg_heads.1.conv_out.weight': 'decode_head.aux_heads.0.conv_seg.weight',
    }.items():
        np.testing.assert_array_equal(tensors[ours].numpy(), make_param(paddle, tensors[ours].shape))
    counters = [key for key in tensors if key.endswith('num_batches_tracked')]
    assert len(counters) == sum(key.endswith('running_var') for key in tensors)
    assert all(tensors[key].dtype == torch.int64 and tensors[key] == 0 for key in counters)


def test_misspelt_keys_of_mobile_fusions():
    used = from_paddle(make_arrays(fusion='UAFM', separable=True)).report.used
    key = 'ppseg_head.arm_list.1.conv_x.piontwise_conv._conv.bias'
    assert used[key] == 'decode_head.fusions.1.conv_skip.pointwise_conv.conv.bias'


def test_tensors_own_their_memory():
    arrays = make_arrays()
    tensors = from_paddle(arrays).tensors
    arrays['seg_heads.0.conv_out.weight'][:] = 0
    assert tensors['decode_head.conv_seg.weight'].abs().min() > 0


@pytest.mark.parametrize('scale', [True, False])
def test_files_with_and_without_scale(scale):
    """Releases 2.5 and 2.6 saved no ``_scale``, later ones do."""
    conversion = from_paddle(make_arrays(scale=scale))
    assert sorted(conversion.report.dropped.values()) == ['constant 1'] * (3 if scale else 0)
    # written anew, it is always there
    assert sum(key.endswith('._scale') for key in to_paddle(conversion.tensors).tensors) == 3


@pytest.mark.parametrize('value', [np.full(1, 0.5, 'f4'), np.ones(2, 'f4'), np.full(1, np.nan, 'f4')])
def test_another_scale_is_refused(value):
    arrays = {**make_arrays(), 'ppseg_head.arm_list.1._scale': value}
    with pytest.raises(CheckpointFileError, match=r'arm_list\.1\._scale = .*initial 1'):
        from_paddle(arrays)


def with_aliases(arrays, blocks, wrap='0.'):
    """As PaddleSeg's STDCNet was saved until June 2022, when PP-LiteSeg was released: blocks listed twice."""
    firsts = dict(x2=0, x4=1, x8=2, x16=2 + blocks[0], x32=2 + blocks[0] + blocks[1])
    result = dict(arrays)
    for key, value in arrays.items():
        if key.startswith('backbone.features.'):
            index, leaf = key[len('backbone.features.') :].split('.', 1)
            name = max((n for n, first in firsts.items() if first <= int(index)), key=firsts.get)
            result[f'backbone.{name}.{wrap}{int(index) - firsts[name]}.{leaf}'] = value.copy()
    for leaf, shape in {'conv.weight': (8, 8, 1, 1), 'bn.weight': (8,), 'bn._mean': (8,)}.items():
        result[f'backbone.conv_last.{leaf}'] = make_param(leaf, shape)
    return result


@pytest.mark.parametrize('wrap', ['0.', ''])
@pytest.mark.parametrize(('arch', 'blocks'), [('stdc1', (2, 2, 2)), ('stdc2', (4, 5, 3))])
def test_files_of_the_first_release(arch, blocks, wrap):
    plain = make_arrays(arch=arch, scale=False)
    conversion = from_paddle(with_aliases(plain, blocks, wrap))
    expected = from_paddle(plain)
    assert conversion.tensors.keys() == expected.tensors.keys()
    assert conversion.report.used == expected.report.used
    reasons = conversion.report.dropped
    assert reasons['backbone.conv_last.conv.weight'] == 'not used by PP-LiteSeg'
    key = f'backbone.x16.{wrap}1.conv_list.0.conv.weight'
    assert reasons[key] == f'copy of backbone.features.{3 + blocks[0]}.conv_list.0.conv.weight'


def test_a_listed_copy_that_differs_is_refused():
    arrays = with_aliases(make_arrays(), (2, 2, 2))
    arrays['backbone.x8.0.1.conv_list.0.conv.weight'] += 1
    with pytest.raises(CheckpointFileError, match=r'x8\.0\.1\.conv_list\.0\.conv\.weight, which must repeat'):
        from_paddle(arrays)


@pytest.mark.parametrize('prefix', ['backbone.', '', 'model.encoder.'])
@pytest.mark.parametrize('arch', ['stdc1', 'stdc2'])
def test_encoder_alone_with_a_classifier(arch, prefix):
    arrays = make_encoder_arrays(arch, prefix)
    classifier = {
        f'{prefix}fc.weight': np.ones((8, 8), 'f4'),
        f'{prefix}bn._mean': np.ones(8, 'f4'),
        'linear.weight': np.ones((8, 10), 'f8'),  # its type does not matter
        f'{prefix}conv_last.conv.weight': np.ones((8, 8, 1, 1), 'f4'),
    }
    conversion = from_paddle({**arrays, **classifier})
    assert set(conversion.report.used) == set(arrays)
    assert set(conversion.report.dropped) == set(classifier)
    assert conversion.report.absent == ['neck', 'decode_head']
    assert conversion.encoder.arch == arch
    assert conversion.decoder is None
    assert all(key.startswith('backbone.') for key in conversion.tensors)
    back = to_paddle(conversion.tensors).tensors
    assert {key.replace('backbone.', prefix) for key in back} == set(arrays)


def change(arrays, key, value):
    if value is None:
        del arrays[key]
    else:
        arrays[key] = value
    return arrays


HEAD = 'seg_heads.1.conv._batch_norm.bias'


@pytest.mark.parametrize(
    ('key', 'value', 'message'),
    [
        (HEAD, None, rf'1 missing: {HEAD} \(6,\)'),
        (
            'backbone.features.5.conv_list.1.bn._mean',
            None,
            r'1 missing: backbone\.features\.5\.conv_list\.1\.bn\._mean',
        ),
        ('backbone.features.5.skip.0.weight', np.ones((2, 3), 'f4'), r'1 unknown: .*skip\.0\.weight \(2, 3\)'),
        ('optimizer', np.ones(1, 'f4'), r'1 unknown: optimizer \(1,\)'),
        (HEAD, np.ones(7, 'f4'), rf'1 different: {HEAD} has shape \(7,\) instead of \(6,\)'),
        ('seg_heads.2.conv_out.weight', np.ones((11, 6, 1, 1), 'f4'), r'\(11, 6, 1, 1\) instead of \(19, 6, 1, 1\)'),
        (HEAD, np.ones(6, 'f8'), f'holds {HEAD} as float64, expected float32'),
        (HEAD, np.ones(6, 'u2'), 'as uint16.*bfloat16'),
        (HEAD, np.full(6, np.inf, 'f4'), f'values in {HEAD} that are not finite'),
    ],
)
def test_every_tensor_is_accounted_for(key, value, message):
    with pytest.raises(CheckpointFileError, match=message):
        from_paddle(change(make_arrays(), key, value))


def test_no_key_hides_behind_another():
    arrays = {
        **make_encoder_arrays(prefix='a.'),
        'backbone.features.3.extra': np.ones(1, 'f4'),
        'a.features.3.extra': np.ones(2, 'f4'),
    }
    with pytest.raises(CheckpointFileError, match='two prefixes'):
        from_paddle(arrays)


def test_other_models_are_named():
    with pytest.raises(CheckpointFileError, match=r'no STDC blocks.*conv1_1'):
        from_paddle({'conv1_1.weight': np.ones((8, 3, 3, 3), 'f4')})


def test_long_lists_are_cut():
    arrays = {**make_arrays(), **{f'extra.{i}': np.ones(1, 'f4') for i in range(500)}}
    with pytest.raises(CheckpointFileError, match=r'500 unknown: .*extra\.5 \(1,\), \.\.\.$') as info:
        from_paddle(arrays)
    assert len(str(info.value)) < 400


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(fusion='SpatialUAFM', use_max=False, separable=True), 'no counterpart in PaddleSeg.*mobile'),
    ],
)
def test_models_that_paddle_lacks_are_refused(options, message):
    tensors = from_paddle(make_arrays(**options)).tensors
    with pytest.raises(CheckpointFileError, match=message):
        to_paddle(tensors)


def test_a_decoder_without_the_coarsest_skip_is_refused():
    tensors = from_paddle(make_arrays()).tensors
    two = {k: v for k, v in tensors.items() if 'fusions.2' not in k and 'aux_heads' not in k}
    with pytest.raises(CheckpointFileError, match='context comes from a feature that is not fused'):
        to_paddle(two)


def test_a_model_without_auxiliary_heads_is_refused():
    tensors = {k: v for k, v in from_paddle(make_arrays()).tensors.items() if 'aux_heads' not in k}
    with pytest.raises(CheckpointFileError, match='head on each of the 3'):
        to_paddle(tensors)


@pytest.mark.parametrize(
    ('value', 'message'), [(torch.ones(8).half(), 'as float16'), (torch.ones(8).bfloat16(), 'as bfloat16')]
)
def test_our_tensors_must_be_float32(value, message):
    tensors = {**from_paddle(make_arrays()).tensors, 'decode_head.cls_conv.bn.bias': value}
    with pytest.raises(CheckpointFileError, match=message):
        to_paddle(tensors)
