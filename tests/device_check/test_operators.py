"""The checks see what is wrong; on a CPU as on a GPU."""

from functools import partial

import pytest
import torch

from mmseg_liteseg.device_check import operators
from mmseg_liteseg.device_check.outcome import NotHere

CPU = torch.device('cpu')
EXACT = operators.upsample_argmax


def wrong_labels(logits, rows, columns):
    labels = EXACT(logits, rows, columns)
    labels[:, -1, -1] = (labels[:, -1, -1] + 1) % logits.shape[1]
    return labels


@pytest.mark.parametrize(
    'check', [partial(operators.label_map, CPU, 2, torch.float32), partial(operators.tied_labels, CPU, 2)]
)
def test_one_wrong_pixel_is_seen(monkeypatch, check):
    assert check().found <= check().bound
    monkeypatch.setattr(operators, 'upsample_argmax', wrong_labels)
    assert check().found > check().bound


@pytest.mark.parametrize('part', [0, 1], ids=['loss', 'gradient'])
def test_a_wrong_loss_is_seen(monkeypatch, part):
    check = partial(operators.ohem, CPU, 2, torch.float16)
    assert check().found <= check().bound
    compute = operators._ohem

    def wrong(logits, *args):
        result = list(compute(logits, *args))
        if logits.dtype != torch.float64:
            result[part] = result[part] * 1.001
        return tuple(result)

    monkeypatch.setattr(operators, '_ohem', wrong)
    assert check().found > check().bound


def test_ignored_pixels_must_not_count(monkeypatch):
    monkeypatch.setattr(operators, '_ohem', lambda logits, *_: (torch.tensor(float('nan')), logits))
    assert not operators.ohem_of_nothing(CPU, 2).found <= 0.0


def test_a_cpu_has_no_kernels(monkeypatch):
    monkeypatch.delenv('MMSEG_LITESEG_TRITON', raising=False)
    with pytest.raises(NotHere, match='CPU'):
        operators.kernels_in_use(operators.LABEL_MAP, CPU)


def test_a_kernel_that_gave_way_is_a_failure(monkeypatch):
    monkeypatch.setattr(operators, 'use_triton', lambda x: True)
    found = [operators.kernels_in_use(operators.SelfCheck('x', lambda *_, d=d: d, 1e-5), CPU) for d in (0.0, 1.0)]
    assert [one.found <= one.bound for one in found] == [True, False]
