"""Labels as the loss of every branch needs them."""

from __future__ import annotations

import torch
from torch import Tensor

from mmseg_liteseg.errors import DataError


class Targets:
    """Labels of a batch, prepared once per step.

    Args:
        label: (N, H, W) or (N, 1, H, W), integers.
        ignore_index: Label of the pixels that do not count.

    Attributes:
        label: (N, H, W), int64, 0 at ignored pixels.
        valid: (N, H, W), whether a pixel counts.
        num_valid: How many do.
    """

    def __init__(self, label: Tensor, ignore_index: int) -> None:
        label = label.reshape(label.shape[0], *label.shape[-2:]).long()
        self.valid = label != ignore_index
        self.label = label * self.valid
        # one synchronisation for all three
        facts = torch.stack([self.valid.sum(), *self.label.aminmax()])
        self.num_valid, self._lowest, self._highest = facts.tolist()

    def fitting(self, logits: Tensor) -> Tensor:
        """Logits (N, C, h, w) of these labels, in float32 at least.

        Raises:
            DataError: The batch sizes differ, or a label is not below C.
        """
        if logits.ndim != 4 or len(logits) != len(self.label) or not self.within(logits.shape[1]):
            raise DataError(
                f'logits {tuple(logits.shape)} do not fit labels {tuple(self.label.shape)}: expected (N, C, h, w) with '
                'labels in 0..C-1'
            )
        return logits if logits.dtype in (torch.float32, torch.float64) else logits.float()

    def within(self, num_classes: int) -> bool:
        """Whether every label that counts is in 0..num_classes-1."""
        return self._lowest >= 0 and self._highest < num_classes
