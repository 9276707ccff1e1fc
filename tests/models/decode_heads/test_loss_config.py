import numpy as np
import pytest
import torch

from mmseg_liteseg.errors import DataError, SettingError
from tests.helpers import make_samples
from tests.models.decode_heads.test_fld_head import make_head, make_inputs

CE = dict(type='mmseg.CrossEntropyLoss')
OHEM = dict(type='mmseg_liteseg.OHEMPixelSampler', thresh=0.7, min_kept=300)


@pytest.mark.parametrize('formula', ['enet', dict(type='enet', c=1.1), 'median', 'sqrt'])
def test_a_formula_is_for_training_only(formula):
    """Building and predicting work without numbers; a loss says what is missing."""
    head = make_head(loss_decode=[dict(CE, class_weight=formula), dict(type='mmseg_liteseg.DiceLoss')]).eval()
    assert head(make_inputs()).shape == (2, 3, 8, 16)
    with pytest.raises(ValueError, match=r'has no numbers yet: tools/train\.py and SafeRunner'):
        head.loss(make_inputs(), make_samples(2, (32, 64), 3), None)


@pytest.mark.parametrize('formula', ['enett', dict(type='rare'), dict(type='enet', k=2), dict(type='enet', c=1.0)])
def test_exception_unknown_formula(formula):
    with pytest.raises(ValueError, match='class_weight'):
        make_head(loss_decode=dict(CE, class_weight=formula))


SIGMOID = dict(CE, use_sigmoid=True)


@pytest.mark.parametrize(
    ('kwargs', 'message'),
    [
        (dict(multi_label=True), 'multi_label=True needs losses with use_sigmoid=True, got CrossEntropyLoss'),
        (dict(multi_label=True, loss_decode=dict(type='mmseg_liteseg.LovaszLoss')), 'got LovaszLoss'),
        (dict(multi_label=True, loss_decode=dict(SIGMOID, class_weight=[1.0, 2, 3])), 'would weigh columns'),
        (dict(num_classes=2, out_channels=1), 'out_channels=1 needs losses with use_sigmoid=True'),
        (dict(num_classes=1, loss_decode=SIGMOID), 'num_classes=1 with one logit'),
        (dict(multi_label=True, loss_decode=SIGMOID, threshold=1), 'threshold must be a probability'),
        (dict(sampler=OHEM, loss_decode=SIGMOID), 'got CrossEntropyLoss.use_sigmoid=True.: set sampler=None'),
        (dict(sampler=OHEM, loss_decode=dict(type='mmseg_liteseg.DiceLoss')), 'got DiceLoss: set sampler=None'),
        (
            dict(sampler=OHEM, multi_label=True, loss_decode=CE),
            'needs loss_decode to be a CrossEntropyLoss.use_sigmoid=True., got CrossEntropyLoss: set sampler=None',
        ),
    ],
)
def test_exception_losses_that_do_not_fit_the_outputs(kwargs, message):
    with pytest.raises(SettingError, match=message):
        make_head(**kwargs).loss(make_inputs(), make_samples(2, (32, 64), 2), None)


def test_a_model_that_predicts_needs_no_loss():
    assert make_head(num_classes=2, out_channels=1)(make_inputs()).shape == (2, 1, 8, 16)


@pytest.mark.parametrize(
    'kwargs',
    [
        dict(multi_label=True, loss_decode=[SIGMOID, dict(type='mmseg_liteseg.DiceLoss', use_sigmoid=True)]),
        dict(multi_label=True, num_classes=1, loss_decode=SIGMOID),
        dict(num_classes=2, out_channels=1, loss_decode=[SIGMOID, dict(type='mmseg_liteseg.LovaszLoss')]),
    ],
)
def test_losses_that_fit_the_outputs(kwargs):
    head = make_head(sampler=OHEM, **kwargs)
    shape = (head.num_classes if head.multi_label else 1, 32, 64)
    samples = make_samples(2, (32, 64), 2)
    for sample in samples:
        sample.gt_sem_seg.data = sample.gt_sem_seg.data.expand(shape).clone()
    losses = head.loss(make_inputs(), samples, None)
    assert len(losses) == 3 * (len(head.loss_decode) + 1 if isinstance(kwargs['loss_decode'], list) else 2)
    assert all(torch.isfinite(v).all() for v in losses.values())
    assert 0 < losses['acc_seg'] < 100


def test_exception_masks_of_another_number():
    head = make_head(multi_label=True, loss_decode=SIGMOID)
    with pytest.raises(DataError, match=r'have shape \(1, 32, 64\), expected 3 masks .*LoadMultiLabelAnnotations'):
        head.loss(make_inputs(), make_samples(2, (32, 64), 2), None)


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
