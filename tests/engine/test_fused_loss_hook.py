import logging
from types import SimpleNamespace

from mmseg.registry import MODELS
from torch import nn

from mmseg_liteseg.registry import HOOKS


def test_heads_are_named_in_the_log():
    model, lines = nn.Module(), []
    model.decode_head = MODELS.build(dict(type='FCNHead', in_channels=8, channels=4, num_classes=3))
    logger = SimpleNamespace(log=lambda level, text: lines.append((level, text)))
    hook = HOOKS.build(dict(type='mmseg_liteseg.FusedLossHook'))
    hook.before_train(SimpleNamespace(model=model, logger=logger))
    assert lines == [(logging.INFO, 'FusedLossHook: fused losses in decode_head')]
    assert type(model.decode_head).__name__ == 'FusedFCNHead'
