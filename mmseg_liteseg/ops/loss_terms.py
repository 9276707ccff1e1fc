"""What each loss of `pixel_losses` adds up over the pixels, and its gradient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True)
class Chunk:
    """Some rows of one image, upsampled.

    Attributes:
        image: Which image of the batch.
        rows: Which rows of it.
        label: (rows, W), 0 where ignored.
        valid: (rows, W).
        prob: (C, rows, W) softmax.
        nll: (rows, W), minus the log of the label's probability.
        right: (rows, W), whether the label's logit is the largest.
    """

    image: int
    rows: slice
    label: Tensor
    valid: Tensor
    prob: Tensor
    nll: Tensor
    right: Tensor


class Term:
    """One loss: what it adds up over the pixels, and its gradient.

    Attributes:
        local: Whether a pixel's gradient follows from that pixel, so that it is known in the first pass.
    """

    local = True

    def start(self, classes: int, like: Tensor) -> Any:
        """A fresh state of the sums, for one batch of logits."""
        raise NotImplementedError

    def add(self, state: Any, chunk: Chunk) -> None:
        """Adds a chunk to the sums."""
        raise NotImplementedError

    def value(self, state: Any) -> Tensor:
        """The loss, a scalar, from the sums over the batch."""
        raise NotImplementedError

    def gradient(self, state: Any, chunk: Chunk, out: Tensor) -> Tensor:
        """The loss's gradient by the logits of a chunk (C, rows, W), written to ``out``."""
        raise NotImplementedError


class CrossEntropyTerm(Term):
    """Sum of weight * cross entropy.

    Args:
        weight: (N, H, W), 0 where ignored; what a mean divides by is in it.
    """

    def __init__(self, weight: Tensor) -> None:
        self._weight = weight

    def start(self, classes: int, like: Tensor) -> Tensor:
        """The sum."""
        return like.new_zeros((), dtype=torch.float64)

    def add(self, state: Tensor, chunk: Chunk) -> None:
        """Adds the chunk's cross entropy."""
        state += (chunk.nll * self._weight[chunk.image, chunk.rows]).sum(dtype=torch.float64)

    def value(self, state: Tensor) -> Tensor:
        """The sum is the loss."""
        return state

    def gradient(self, state: Tensor, chunk: Chunk, out: Tensor) -> Tensor:
        """Weight * (probability - one-hot label)."""
        weight = self._weight[chunk.image, chunk.rows].to(out)
        return torch.mul(chunk.prob, weight, out=out).scatter_add_(0, chunk.label[None], -weight[None])


class DiceTerm(Term):
    """Dice loss: 1 - (2 I + smooth) / (P + T + smooth) per class over the batch, averaged over classes.

    I is the sum of the label's probability, P the sum of a class's probability over the valid pixels, T their number.

    Args:
        smooth: Added above and below.
        present_only: Average over the classes in the labels only; without any the loss is 0.
        class_weight: (C,), weights of the average.
    """

    local = False

    def __init__(self, smooth: float = 1.0, present_only: bool = True, class_weight: Tensor | None = None) -> None:
        self._smooth, self._present_only, self._class_weight = smooth, present_only, class_weight

    def start(self, classes: int, like: Tensor) -> Tensor:
        """I, P and T, (3, C)."""
        return like.new_zeros((3, classes), dtype=torch.float64)

    def add(self, state: Tensor, chunk: Chunk) -> None:
        """Adds the chunk's I, P and T."""
        classes, valid = len(chunk.prob), chunk.valid.flatten().to(chunk.prob)
        # ignored pixels carry label 0: their weight, 0, keeps them out of its sums
        label = chunk.label.flatten()
        true = (-chunk.nll).exp().flatten() * valid
        state[0] += torch.bincount(label, weights=true, minlength=classes)
        state[1] += chunk.prob.flatten(1) @ valid
        state[2] += torch.bincount(label, weights=valid, minlength=classes)

    def value(self, state: Tensor) -> Tensor:
        """Weighted mean of the classes' losses."""
        share, top, bottom = self._parts(state)
        return (share * (1 - top / bottom)).sum()

    def gradient(self, state: Tensor, chunk: Chunk, out: Tensor) -> Tensor:
        """Through the softmax: p * (g - sum p g), where g is the gradient by the probabilities."""
        share, top, bottom = self._parts(state)
        by_true = (-2 * share / bottom).to(out)[chunk.label]
        by_any = (share * top / bottom.square()).to(out)
        true = chunk.prob.gather(0, chunk.label[None])[0]
        mean = torch.tensordot(by_any, chunk.prob, 1) + by_true * true
        torch.sub(by_any[:, None, None], mean, out=out)
        out.mul_(chunk.prob).scatter_add_(0, chunk.label[None], (by_true * true)[None])
        return out.mul_(chunk.valid)

    def _parts(self, state: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Each class's share of the loss, numerator and denominator, (C,) each."""
        inside, predicted, count = state
        share = torch.ones_like(count) if self._class_weight is None else self._class_weight.to(count)
        if self._present_only:
            share = share * (count > 0)
        tiny = torch.finfo(count.dtype).tiny
        bottom = (predicted + count + self._smooth).clamp(min=tiny)
        return share / share.sum().clamp(min=tiny), 2 * inside + self._smooth, bottom
