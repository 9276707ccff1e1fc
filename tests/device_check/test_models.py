import pytest
import torch

from mmseg_liteseg.device_check import models
from mmseg_liteseg.device_check.outcome import NotHere
from mmseg_liteseg.models.decode_heads.branch_loss import can_mine

CPU = torch.device('cpu')


def test_the_stock_path_is_another_path(monkeypatch):
    model, mined = models.thin_model(CPU), []
    monkeypatch.setattr(
        models,
        '_losses_and_gradients',
        lambda model, *_: (
            mined.append(can_mine(model.decode_head, model.decode_head.loss_decode)) or {'x': torch.ones(1)}
        ),
    )
    assert models.training_step(CPU, amp=False).found == 0
    assert mined == [True, False]
    assert model.training


def test_a_wrong_gradient_is_seen(monkeypatch):
    results = iter([{'loss': torch.ones(1), 'g': torch.full((2,), 1.01)}, {'loss': torch.ones(1), 'g': torch.ones(2)}])
    monkeypatch.setattr(models, '_losses_and_gradients', lambda *_: next(results))
    measured = models.training_step(CPU, amp=False)
    assert measured.found > measured.bound


@pytest.mark.parametrize(
    'check',
    [
        lambda: models.predict(CPU, 'no/such/weights', (9, 9)),
        lambda: models.optimized(CPU, '', 'fp16'),
        lambda: models.training_step(CPU, amp=True),
        lambda: models.sync_bn(CPU),
    ],
)
def test_what_cannot_be_checked_says_why(check):
    with pytest.raises(NotHere, match=r'no/such/weights\.py|for GPUs'):
        check()


def test_one_process_group():
    with models.one_process_group('gloo') as group:
        assert torch.distributed.get_world_size(group) == 1
    assert not torch.distributed.is_initialized()
