"""What the losses of this package have in common."""

from __future__ import annotations

import math
from typing import Sequence

import torch
import torch.nn as nn
from mmseg.models.losses import CrossEntropyLoss
from mmseg.models.losses.utils import get_class_weight
from torch import Tensor

from mmseg_liteseg.errors import SettingError
from mmseg_liteseg.ops.loss_terms import Term
from mmseg_liteseg.ops.targets import Targets


class AllPixelLoss(nn.Module):
    """A loss in the form mmseg's heads expect, that sees every pixel whatever a sampler picks.

    Called with logits (N, C, H, W) of the labels' size it is plain torch; `FLDHead` asks for its `term` instead, where
    there is one, and computes that for all losses of ``loss_decode`` in the same passes over low-resolution logits.

    Args:
        class_weight: A number per class, or the name of a file that holds them.
        loss_weight: Factor of the loss.
        loss_name: Key in the log; starts with ``loss``, else it would not be trained.

    Raises:
        SettingError: A value is out of range.
    """

    def __init__(self, class_weight: Sequence[float] | str | None, loss_weight: float, loss_name: str) -> None:
        super().__init__()
        check_number(loss_weight, f'{type(self).__name__}.loss_weight')
        if not isinstance(loss_name, str) or not loss_name.startswith('loss'):
            raise SettingError(
                f"{type(self).__name__}.loss_name must start with 'loss', else it is not trained, got {loss_name!r}"
            )
        self.class_weight = weight_list(get_class_weight(class_weight))
        self.loss_weight = loss_weight
        self.loss_name = loss_name

    def term(self, targets: Targets) -> Term | None:
        """The loss for `ops.pixel_losses`, without ``loss_weight``; None where there is no such form."""
        return None

    def weight_tensor(self, like: Tensor) -> Tensor | None:
        """``class_weight`` as a tensor (C,)."""
        return None if self.class_weight is None else like.new_tensor(self.class_weight)


def weight_list(class_weight: Sequence[float] | None) -> list[float] | None:
    """A class weight as a list, whatever kind of sequence it came as."""
    return None if class_weight is None else [float(w) for w in class_weight]


def label_weights(label: Tensor, valid: Tensor, class_weight: Tensor | None) -> Tensor:
    """(N, H, W) weights of the pixels: their class's, 0 where ignored."""
    weight = valid.to(torch.float32 if class_weight is None else class_weight.dtype)
    return weight if class_weight is None else weight * class_weight[label]


def average_factor(loss: nn.Module, logits: Tensor, label: Tensor, ignore_index: int) -> Tensor | None:
    """What mmseg's CrossEntropyLoss divides by where it has class weights: their sum over the labelled pixels.

    Left to itself, mmseg 1.2.2 looks up a weight for ignored pixels too and ends in an IndexError, and so does its fork
    with ``avg_non_ignore=True``.

    Args:
        loss: Any loss.
        logits: (N, C, H, W).
        label: (N, H, W).
        ignore_index: Label of ignored pixels.

    Returns:
        A scalar for the loss's ``avg_factor``; None where the loss finds its own.

    Example:
        >>> from mmseg.models.losses import CrossEntropyLoss
        >>> label = torch.tensor([[[0, 1, 255]]])
        >>> average_factor(CrossEntropyLoss(class_weight=[0.5, 2.0]), torch.zeros(1, 2, 1, 3), label, 255)
        tensor(2.5000)
    """
    if not isinstance(loss, CrossEntropyLoss) or loss.class_weight is None or loss.reduction != 'mean':
        return None
    if loss.use_sigmoid or loss.use_mask:
        return None
    return logits.new_tensor(weight_list(loss.class_weight))[label[label != ignore_index]].sum()


def mean_weights(weight: Tensor) -> Tensor:
    """Weights whose weighted sum is the weighted mean; all 0 where all are 0."""
    return weight / weight.sum(dtype=torch.float64).clamp(min=torch.finfo(torch.float32).eps).to(weight)


def check_number(value: float, field: str, lowest: float = 0) -> None:
    """Raises a SettingError that names ``field`` unless ``value`` is a finite number from ``lowest`` on."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value) or value < lowest:
        raise SettingError(f'{field} must be a number from {lowest} on, got {value!r}')
