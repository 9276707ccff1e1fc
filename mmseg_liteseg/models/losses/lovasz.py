"""Lovasz-Softmax and Lovasz hinge, https://arxiv.org/abs/1705.08790, on mmseg's functions."""

from __future__ import annotations

from typing import Any, Sequence

import torch
from mmseg.models.losses.lovasz_loss import lovasz_hinge_flat, lovasz_softmax_flat
from torch import Tensor

from mmseg_liteseg.errors import SettingError
from mmseg_liteseg.registry import MODELS

from .base import AllPixelLoss


@MODELS.register_module()
class LovaszLoss(AllPixelLoss):
    """mmseg's Lovasz loss over all valid pixels of the batch, usable beside others in ``loss_decode``.

    mmseg's own class wants ``reduction='none'`` spelled out, returns no scalar where every pixel is ignored, and fails
    on a single valid one. One output channel takes the hinge form, with labels 0 and 1.

    It sorts every pixel once per class: on a CPU it costs several times what the other losses do.

    Args:
        classes: 'present' averages over the classes in the labels, 'all' over all.
        per_image: Whether to average over images instead of taking all pixels of the batch together.
        class_weight: Factors of the classes' losses: numbers, or the name of a file that holds them.
        loss_weight: Factor of the loss.
        loss_name: Key in the log.

    Raises:
        SettingError: A value is out of range.

    Example:
        >>> logits = torch.tensor([[[[9.0, -9.0]], [[-9.0, 9.0]]]])
        >>> round(LovaszLoss()(logits, torch.tensor([[[1, 255]]])).item(), 4)
        1.0
    """

    def __init__(
        self,
        classes: str = 'present',
        per_image: bool = False,
        class_weight: Sequence[float] | str | None = None,
        loss_weight: float = 1.0,
        loss_name: str = 'loss_lovasz',
    ) -> None:
        super().__init__(class_weight, loss_weight, loss_name)
        if classes not in ('present', 'all'):
            raise SettingError(f"LovaszLoss.classes must be 'present' or 'all', got {classes!r}")
        self.classes, self.per_image = classes, per_image

    def forward(
        self, cls_score: Tensor, label: Tensor, weight: Any = None, ignore_index: int = 255, **_: Any
    ) -> Tensor:
        """Logits (N, C, H, W) and labels (N, H, W) -> scalar. ``weight``, a sampler's, is not used."""
        with torch.autocast(cls_score.device.type, enabled=False):
            logits = cls_score.float()  # of its functions, some know no other type
            groups = zip(logits.split(1), label.split(1)) if self.per_image else [(logits, label)]
            losses = [self._flat(scores, labels, ignore_index) for scores, labels in groups]
            return self.loss_weight * torch.stack(losses).mean()

    def _flat(self, logits: Tensor, label: Tensor, ignore_index: int) -> Tensor:
        valid = label != ignore_index
        if not valid.any():
            # keeps the graph, without which backward raises and DDP waits for gradients
            return logits.sum() * 0
        pixels, labels = logits.movedim(1, -1)[valid], label[valid]
        if pixels.shape[1] == 1:
            return lovasz_hinge_flat(pixels[:, 0], labels)
        return lovasz_softmax_flat(pixels.softmax(1), labels, self.classes, self.weight_tensor(logits))
