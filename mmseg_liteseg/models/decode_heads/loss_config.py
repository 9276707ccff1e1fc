"""Checks of ``loss_decode`` before a head is built from it and after."""

from __future__ import annotations

from typing import Any, Sequence

from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.models.losses import CrossEntropyLoss

from mmseg_liteseg.datasets.class_weights import WeightFormula, is_formula
from mmseg_liteseg.errors import SettingError

from ..losses import LovaszLoss
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


def check_threshold(value: float | None) -> float | None:
    """Returns a threshold if it is a probability, or None.

    Raises:
        SettingError: It is something else.
    """
    if value is not None and (isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 1):
        raise SettingError(f'threshold must be a probability between 0 and 1, got {value!r}')
    return value


def check_sigmoid(head: BaseDecodeHead) -> None:
    """Raises a SettingError if the losses are not made for outputs that are a yes or no each.

    A softmax over the one logit of two classes is 1 whatever it is: the loss would be 0 from the start.
    """
    if not head.multi_label and head.out_channels > 1:
        return
    what = 'multi_label=True' if head.multi_label else 'out_channels=1'
    if not head.multi_label and head.num_classes != 2:
        raise SettingError(
            f'num_classes={head.num_classes} with one logit: one logit tells two classes apart, set num_classes=2 and '
            'out_channels=1, or multi_label=True for one class that may be there or not'
        )
    for loss in losses_of(head):
        name = type(loss).__name__
        if not getattr(loss, 'use_sigmoid', isinstance(loss, LovaszLoss) and head.out_channels == 1):
            raise SettingError(f'{what} needs losses with use_sigmoid=True, got {name} in loss_decode')
        if isinstance(loss, CrossEntropyLoss) and loss.class_weight is not None and head.multi_label:
            raise SettingError(
                f'{what}: the class_weight of {name} would weigh columns of pixels, not classes. Leave it out, or '
                'weigh classes in DiceLoss(use_sigmoid=True, class_weight=...)'
            )


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
