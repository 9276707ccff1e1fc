import numpy as np
import pytest
import torch

from tests.helpers import make_samples
from tests.models.decode_heads.test_fld_head import make_head, make_inputs

CE = dict(type='mmseg.CrossEntropyLoss')
OHEM = dict(type='mmseg_liteseg.OHEMPixelSampler', thresh=0.7, min_kept=300)


@pytest.mark.parametrize('formula', ['enet', dict(type='enet', c=1.1), 'median', 'sqrt'])
def test_a_formula_is_for_training_only(formula):
    """Building and predicting work without numbers; a loss says what is missing."""
    head = make_head(loss_decode=[dict(CE, class_weight=formula), dict(type='mmseg_liteseg.DiceLoss')]).eval()
    assert head(make_inputs()).shape == (2, 3, 8, 16)
    with pytest.raises(ValueError, match=r'has no numbers yet: tools/train\.py computes them'):
        head.loss(make_inputs(), make_samples(2, (32, 64), 3), None)


@pytest.mark.parametrize('formula', ['enett', dict(type='rare'), dict(type='enet', k=2), dict(type='enet', c=1.0)])
def test_exception_unknown_formula(formula):
    with pytest.raises(ValueError, match='class_weight'):
        make_head(loss_decode=dict(CE, class_weight=formula))


@pytest.mark.parametrize('sampler', [None, OHEM])
@pytest.mark.parametrize('kind', ['mmseg.CrossEntropyLoss', 'mmseg_liteseg.DiceLoss', 'mmseg.TverskyLoss'])
@pytest.mark.parametrize('count', [2, 4])
def test_exception_wrong_number_of_weights(kind, count, sampler):
    losses = [CE, dict(type=kind, class_weight=[1.0] * count)]
    if sampler and kind == 'mmseg.CrossEntropyLoss':
        losses = losses[1:]
    with pytest.raises(ValueError, match=rf'{kind.split(".")[1]}.class_weight holds {count} numbers, expected 3'):
        make_head(loss_decode=losses, sampler=sampler)


@pytest.mark.parametrize('sampler', [None, OHEM])
def test_weights_from_a_file(tmp_path, sampler):
    np.save(tmp_path / 'weights.npy', np.array([0.5, 2.0, 1.0]))
    samples, inputs = make_samples(2, (32, 64), 3), make_inputs()
    found = []
    for weight in (str(tmp_path / 'weights.npy'), [0.5, 2.0, 1.0]):
        torch.manual_seed(0)
        found.append(make_head(loss_decode=dict(CE, class_weight=weight), sampler=sampler).loss(inputs, samples, None))
    torch.testing.assert_close(found[0], found[1])
