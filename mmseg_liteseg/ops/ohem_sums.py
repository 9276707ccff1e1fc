"""Sums over the pixels of a batch that make up the OHEM cross entropy and its gradient."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from .targets import Targets
from .upsampler import RowUpsampler

# Elements of a chunk's logits. 1 MiB in float32: all steps on a chunk run in a core's cache. With 1 MiB of it (AMD
# EPYC, 2023) chunks of 2 MiB took a fifth more time, those of 512 KiB a tenth, for their calls.
CHUNK = 1 << 18


class OHEMSums:
    """What is gathered; subclasses say how.

    Attributes:
        loss: Sum of the kept pixels' weighted losses, float64.
        kept: Number of kept pixels.
        correct: Number of valid pixels whose largest logit is their class's.
        tie: The class that counts as largest where all are equal.
        prob: (N, H, W) probability of the true class.
        gradient: Of ``loss``, with respect to the logits (N, C, h, w); None unless wanted.
    """

    def __init__(
        self, logits: Tensor, targets: Targets, align_corners: bool, class_weight: Tensor | None, with_gradient: bool
    ) -> None:
        self.logits, self.targets, self.class_weight = logits, targets, class_weight
        self.align_corners = align_corners
        self.loss = logits.new_zeros((), dtype=torch.float64)
        self.kept = torch.zeros((), dtype=torch.long, device=logits.device)
        self.correct = torch.zeros_like(self.kept)
        self.tie = tie_class(logits.shape[1], logits.device)
        self.prob = logits.new_empty(targets.label.shape)
        # the sums go to it plane by plane, whatever the layout of the logits
        self.gradient = torch.zeros_like(logits, memory_format=torch.contiguous_format) if with_gradient else None

    def run(self, below: float, start: float | None = None) -> None:
        """Adds the pixels with start <= prob < below. Without ``start`` it sets ``prob`` and ``correct`` as well."""
        raise NotImplementedError


@lru_cache(maxsize=64)
def tie_class(classes: int, device: torch.device) -> int:
    """Which of equal logits mmseg's accuracy takes for the largest: whatever topk does."""
    return int(torch.zeros((1, classes, 1, 1), device=device).topk(1, dim=1).indices)


def row_upsampler(logits: Tensor, targets: Targets, align_corners: bool) -> RowUpsampler:
    """From the logits' size to the labels', in chunks that fit into a core's cache."""
    height, width = targets.label.shape[1:]
    rows = max(1, CHUNK // (logits.shape[1] * width))
    return RowUpsampler(tuple(logits.shape[2:]), (height, width), align_corners, rows, logits)


class ChunkedSums(OHEMSums):
    """Gathers chunk by chunk: some rows are upsampled, used and dropped."""

    def run(self, below: float, start: float | None = None) -> None:
        """Adds the pixels with start <= prob < below."""
        upsampler = row_upsampler(self.logits, self.targets, self.align_corners)
        for n, image in enumerate(self.logits):
            wide = upsampler.widen(image)
            gradient = None if self.gradient is None else torch.zeros_like(wide)
            for i, rows in enumerate(upsampler.chunks):
                label, use, prob = (x[n, rows] for x in (self.targets.label, self.targets.valid, self.prob))
                logits = upsampler.up(wide, i)
                # the largest is 0: exp cannot overflow, and a pixel is right where the true logit is
                # 0
                logits -= logits.amax(0)
                true = logits.gather(0, label[None])[0]
                odds = logits.exp_()  # the probabilities, but for their sum
                total = odds.sum(0)
                if start is None:
                    torch.div(true.exp(), total, out=prob)
                    # all logits are equal where a ReLU left nothing
                    self.correct += (use & (true == 0) & ((total < len(odds)) | (label == self.tie))).sum()
                    use = use & ~(prob >= below)  # so that a NaN is kept, and seen in the loss
                else:
                    use = use & (prob >= start) & (prob < below)
                self.kept += use.sum()
                weight = self._weight(use, label)
                self.loss += ((total.log() - true) * weight).sum(dtype=torch.float64)
                if gradient is not None:
                    odds *= weight / total
                    odds.scatter_add_(0, label[None], -weight[None])
                    upsampler.add_down(odds, i, gradient)
            if gradient is not None:
                self.gradient[n] += upsampler.narrow(gradient)

    def _weight(self, use: Tensor, label: Tensor) -> Tensor:
        weight = use.to(self.logits.dtype)
        return weight if self.class_weight is None else weight * self.class_weight[label]
