import copy
import pickle

import pytest
import torch
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample

from mmseg_liteseg.models.segmentors.lazy_logits import Geometry, LazySegLogits
from mmseg_liteseg.ops.bilinear import Axis

AXIS = Axis(in_size=4, mid_size=8, start=0, stop=6, flip=True, out_size=10, align_corners=False)
GEOMETRY = Geometry(AXIS, AXIS)
LOGITS = torch.arange(3 * 16.0).reshape(3, 4, 4)
EXPECTED = GEOMETRY.apply(LOGITS[None])[0]


@pytest.fixture
def sample():
    return SegDataSample(seg_logits=LazySegLogits.of(LOGITS, GEOMETRY))


def is_computed(sample):
    return '_source' not in sample.seg_logits.__dict__


def test_apply_resizes_crops_flips_and_resizes():
    x = torch.nn.functional.interpolate(LOGITS[None], (8, 8), mode='bilinear')[:, :, :6, :6].flip(2, 3)
    x = torch.nn.functional.interpolate(x, (10, 10), mode='bilinear')
    assert torch.equal(GEOMETRY.apply(LOGITS[None]), x)


def test_data_is_computed_once(sample):
    assert not is_computed(sample)
    assert sample.seg_logits.shape == (10, 10)
    assert not is_computed(sample)
    assert torch.equal(sample.seg_logits.data, EXPECTED)
    assert is_computed(sample)
    assert sample.seg_logits.data is sample.seg_logits.data


@pytest.mark.parametrize(
    'use',
    [
        lambda s: s.cpu().seg_logits.data,
        lambda s: s.to('cpu').seg_logits.data,
        lambda s: s.clone().seg_logits.data,
        lambda s: s.seg_logits.new().data,
        lambda s: torch.from_numpy(s.numpy().seg_logits.data),
        lambda s: dict(s.seg_logits.items())['data'],
        lambda s: s.seg_logits.get('data'),
        lambda s: s.to_dict()['seg_logits']['data'],
        lambda s: copy.deepcopy(s).seg_logits.data,
        lambda s: pickle.loads(pickle.dumps(s)).seg_logits.data,
    ],
)
def test_behaves_as_pixel_data(sample, use):
    assert isinstance(sample.seg_logits, PixelData)
    assert torch.equal(use(sample), EXPECTED)


def test_to_dict_computes_nothing_by_itself(sample):
    fields = sample.to_dict()['seg_logits']
    assert not is_computed(sample)
    with pytest.raises(KeyError, match='scores'):
        fields['scores']
    assert torch.equal(fields['data'], EXPECTED)


def test_exception_for_other_attributes(sample):
    with pytest.raises(AttributeError, match='scores'):
        sample.seg_logits.scores  # noqa: B018
    assert not is_computed(sample)


@pytest.mark.parametrize(
    'read',
    [
        lambda fields: fields['data'],
        lambda fields: fields.get('data'),
        lambda fields: dict(fields)['data'],
        lambda fields: {**fields}['data'],
        lambda fields: next(iter(fields.values())),
        lambda fields: dict(fields.items())['data'],
        lambda fields: next(fields[name] for name in fields),
        lambda fields: fields.pop('data'),
        lambda fields: fields.copy()['data'],
        lambda fields: copy.deepcopy(fields)['data'],
        lambda fields: pickle.loads(pickle.dumps(fields))['data'],
    ],
)
def test_a_dict_of_it_holds_the_values_however_it_is_read(sample, read):
    fields = sample.seg_logits.to_dict()
    assert isinstance(fields, dict)
    assert len(fields) == 1
    assert 'data' in fields
    assert 'data' in sample.seg_logits
    assert not is_computed(sample)
    assert torch.equal(read(fields), EXPECTED)


def test_a_dict_of_it_takes_other_values(sample):
    fields = sample.seg_logits.to_dict()
    fields.update(data=None, more=1)
    assert fields == dict(data=None, more=1)
