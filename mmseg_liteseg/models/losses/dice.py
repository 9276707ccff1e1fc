"""Dice loss, https://arxiv.org/abs/1606.04797, for heads that meet ignored pixels and absent classes."""

from __future__ import annotations

from typing import Any, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from mmseg_liteseg.errors import SettingError
from mmseg_liteseg.ops.loss_terms import DiceTerm
from mmseg_liteseg.ops.targets import Targets
from mmseg_liteseg.registry import MODELS

from .base import AllPixelLoss, check_number


@MODELS.register_module()
class DiceLoss(AllPixelLoss):
    """1 - (2 I + smooth) / (P + T + smooth) per class, summed over all valid pixels of the batch; then the mean.

    I is the sum of the class's probability where it is the label, P everywhere, T the number of its pixels.

    mmseg's loss of this name differs: it sums over classes and pixels of one image alike, so that large classes decide,
    and its ``ignore_index`` drops a class, not the pixels that carry it.

    Args:
        use_sigmoid: Whether each channel is a yes or no of its own. With one channel the label says 0 or 1; with more,
            labels may be class indices (N, H, W) or one mask per class (N, C, H, W).
        smooth: Keeps the loss of rare classes finite; 1, as in SuperGradients' recipe of PP-LiteSeg.
        classes: 'present' averages over the classes that occur in the labels of the batch, 'all' (as there) over all:
            an absent class then costs what is wrongly taken for it.
        class_weight: Weights of the mean over classes: numbers, or the name of a file that holds them.
        loss_weight: Factor of the loss.
        loss_name: Key in the log.

    Raises:
        SettingError: A value is out of range.

    Example:
        >>> logits = torch.tensor([[[[9.0, -9.0]], [[-9.0, 9.0]]]])
        >>> label = torch.tensor([[[0, 1]]])
        >>> round(DiceLoss()(logits, label).item(), 4), round(DiceLoss()(logits, 1 - label).item(), 4)
        (0.0, 0.6667)
    """

    def __init__(
        self,
        use_sigmoid: bool = False,
        smooth: float = 1.0,
        classes: str = 'present',
        class_weight: Sequence[float] | str | None = None,
        loss_weight: float = 1.0,
        loss_name: str = 'loss_dice',
    ) -> None:
        super().__init__(class_weight, loss_weight, loss_name)
        check_number(smooth, 'DiceLoss.smooth')
        if classes not in ('present', 'all'):
            raise SettingError(f"DiceLoss.classes must be 'present' or 'all', got {classes!r}")
        self.use_sigmoid, self.smooth, self.classes = use_sigmoid, smooth, classes

    def forward(
        self, cls_score: Tensor, label: Tensor, weight: Any = None, ignore_index: int = 255, **_: Any
    ) -> Tensor:
        """Logits (N, C, H, W) and labels (N, H, W) -> scalar. ``weight``, a sampler's, is not used."""
        # sums over a batch's pixels leave the range of half precision (65504)
        with torch.autocast(cls_score.device.type, enabled=False):
            logits = cls_score if cls_score.dtype == torch.float64 else cls_score.float()
            prob = logits.sigmoid() if self.use_sigmoid else logits.softmax(1)
            valid, target = _targets(label, prob.shape[1], ignore_index)
            return self.loss_weight * self._mean(prob, target.to(prob), valid.to(prob))

    def term(self, targets: Targets) -> DiceTerm | None:
        """For `ops.pixel_losses`; with softmax only."""
        if self.use_sigmoid:
            return None
        weight = None if self.class_weight is None else torch.tensor(self.class_weight)
        return DiceTerm(self.smooth, self.classes == 'present', weight)

    def _mean(self, prob: Tensor, target: Tensor, valid: Tensor) -> Tensor:
        target, dims = target * valid, (0, 2, 3)
        count = target.sum(dims)
        share = self.weight_tensor(prob)
        share = torch.ones_like(count) if share is None else share
        if self.classes == 'present':
            share = share * (count > 0)
        tiny = torch.finfo(prob.dtype).tiny
        # without smoothing an absent class would be 0 / 0
        bottom = ((prob * valid).sum(dims) + count + self.smooth).clamp(min=tiny)
        dice = (2 * (prob * target).sum(dims) + self.smooth) / bottom
        return (share * (1 - dice)).sum() / share.sum().clamp(min=tiny)


def _targets(label: Tensor, channels: int, ignore_index: int) -> tuple[Tensor, Tensor]:
    """Which pixels count, (N, 1 or C, H, W), and the labels as one mask per channel, (N, C, H, W)."""
    masks = label if label.ndim == 4 else label[:, None]
    valid = masks != ignore_index
    # one_hot takes no label beyond the classes; ``valid`` leaves these pixels out again
    masks = masks * valid
    if label.ndim == 4 or channels == 1:
        return valid, masks
    return valid, F.one_hot(masks[:, 0].long(), channels).movedim(-1, 1)
