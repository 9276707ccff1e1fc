"""Checks of ``loss_decode`` before a head is built from it and after."""

from __future__ import annotations

from typing import Any, Sequence

from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.models.losses import CrossEntropyLoss

from mmseg_liteseg.datasets.class_weights import WeightFormula, is_formula
from mmseg_liteseg.errors import SettingError

from ..samplers.ohem import losses_of


def without_formulas(loss_decode: dict | Sequence[dict]) -> tuple[dict | list[dict], Any]:
    """``loss_decode`` with no class weights where a formula stands for them, and the first such formula or None.

    So a model can be built for inference from a config that says how to compute the weights for training.

    Raises:
        SettingError: A formula is unknown.
    """
    if not isinstance(loss_decode, (dict, list, tuple)):
        return loss_decode, None  # the host's error says what is expected
    losses = [loss_decode] if isinstance(loss_decode, dict) else list(loss_decode)
    found = [loss['class_weight'] for loss in losses if is_formula(loss.get('class_weight'))]
    for formula in found:
        WeightFormula.parse(formula)
    plain = [dict(loss, class_weight=None) if is_formula(loss.get('class_weight')) else loss for loss in losses]
    return (plain[0] if isinstance(loss_decode, dict) else plain), (found[0] if found else None)


def check_class_weights(head: BaseDecodeHead) -> None:
    """Raises a SettingError unless every loss's ``class_weight`` holds one number per class.

    Not where the host takes it for something else: the weight of the positive pixels in a sigmoid cross entropy.
    """
    for loss in losses_of(head):
        weight = getattr(loss, 'class_weight', None)
        if weight is None or (isinstance(loss, CrossEntropyLoss) and loss.use_sigmoid):
            continue
        if len(weight) != head.out_channels:
            raise SettingError(
                f'{type(loss).__name__}.class_weight holds {len(weight)} numbers, expected {head.out_channels} '
                f'(num_classes={head.num_classes})'
            )
