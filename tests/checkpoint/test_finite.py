import math

import pytest
import torch

from mmseg_liteseg.checkpoint.errors import CheckpointFileError
from mmseg_liteseg.checkpoint.finite import check_finite, describe_nonfinite
from mmseg_liteseg.checkpoint.publish import publish


@pytest.mark.parametrize('dtype', [torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.complex64])
@pytest.mark.parametrize('value', [math.nan, math.inf, -math.inf])
def test_finds_them_in_every_type(dtype, value):
    weights = {'a': torch.ones(3, dtype=dtype), 'b': torch.tensor([1, value], dtype=dtype), 'n': torch.tensor(3)}
    assert describe_nonfinite(weights) == 'holds NaN or infinite values in 1 of 3 tensors: b (1 of 2 values)'


def test_sound_weights_pass():
    weights = {'a': torch.tensor([1e300, -1e300], dtype=torch.float64), 'n': torch.tensor([2**62]), 'e': torch.zeros(0)}
    assert describe_nonfinite(weights) is None
    check_finite(weights, 'x.pth')


def test_many_are_counted_and_three_named():
    weights = {name: torch.tensor(math.nan) for name in 'abcde'}
    with pytest.raises(
        CheckpointFileError, match=r'^x\.pth holds .* 5 of 5 tensors: a \(1 of 1 values\), b .*, c .*, \.\.\.'
    ):
        check_finite(weights, 'x.pth')


def test_publish_warns(tmp_path):
    torch.save(dict(state_dict={'a': torch.tensor(math.nan)}), tmp_path / 'x.pth')
    lines = []
    publish(str(tmp_path / 'x.pth'), str(tmp_path / 'y.pth'), lines.append)
    assert ['in 1 of 1 tensors: a (1 of 1 values)' in line for line in lines] == [True]
