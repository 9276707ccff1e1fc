"""Losses over all pixels of upsampled logits, several of them in the same passes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterator, Sequence

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from mmseg_liteseg.errors import DataError

from .ohem_loss import accuracy_percent
from .ohem_sums import row_upsampler, tie_class
from .targets import Targets


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


def dense_losses(
    logits: Tensor, targets: Targets, terms: Sequence[Term], align_corners: bool = False
) -> tuple[list[Tensor], Tensor]:
    """Losses over all pixels of bilinearly upsampled logits, and the accuracy.

    The logits are upsampled and their softmax taken once for all terms, a chunk of rows at a time, and the gradient
    goes to the size of the logits in the same pass; terms whose gradient needs a sum over the batch (Dice) take a
    second pass. Nothing of full size with a channel per class is held.

    Args:
        logits: (N, C, h, w). Half precision is computed in float32.
        targets: The labels.
        terms: The losses.
        align_corners: Of the upsampling.

    Returns:
        A scalar per term, and the accuracy in percent over the valid pixels, of shape (1,).

    Raises:
        DataError: The batch sizes differ, or a label is not below C.

    Example:
        >>> targets = Targets(torch.randint(0, 5, (2, 48, 64)), ignore_index=255)
        >>> terms = [CrossEntropyTerm(targets.valid / targets.num_valid), DiceTerm()]
        >>> (ce, dice), accuracy = dense_losses(torch.zeros(2, 5, 6, 8), targets, terms)
        >>> round(ce.item(), 4)  # ln 5
        1.6094
    """
    if logits.ndim != 4 or len(logits) != len(targets.label) or not targets.within(logits.shape[1]):
        raise DataError(
            f'logits {tuple(logits.shape)} do not fit labels {tuple(targets.label.shape)}: expected (N, C, h, w) with '
            'labels in 0..C-1'
        )
    if logits.dtype not in (torch.float32, torch.float64):
        logits = logits.float()
    *losses, accuracy = _DenseLosses.apply(logits, targets, tuple(terms), align_corners)
    return losses, accuracy


class _DenseLosses(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, logits: Tensor, targets: Targets, terms: tuple[Term, ...], align_corners: bool
    ) -> tuple[Tensor, ...]:
        with torch.autocast(logits.device.type, enabled=False):
            passes = _Passes(logits, targets, terms, align_corners, ctx.needs_input_grad[0])
            passes.first()
            passes.second()
        ctx.save_for_backward(*passes.gradients)
        accuracy = accuracy_percent(passes.correct, targets.num_valid)
        ctx.mark_non_differentiable(accuracy)
        values = (term.value(state).to(logits.dtype) for term, state in zip(terms, passes.states))
        return (*values, accuracy)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *weights: Tensor) -> tuple[Tensor | None, ...]:
        total = sum(gradient * weight for gradient, weight in zip(ctx.saved_tensors, weights))
        return (total, None, None, None)


class _Passes:
    """The batch, gone through chunk by chunk."""

    def __init__(
        self, logits: Tensor, targets: Targets, terms: tuple[Term, ...], align_corners: bool, with_gradient: bool
    ) -> None:
        self._logits, self._targets, self._terms = logits, targets, terms
        self._upsampler = row_upsampler(logits, targets, align_corners)
        self._with_gradient = with_gradient
        self._tie = tie_class(logits.shape[1], logits.device)
        self.states = [term.start(logits.shape[1], logits) for term in terms]
        self.correct = torch.zeros((), dtype=torch.long, device=logits.device)
        self.gradients = [torch.zeros_like(logits, memory_format=torch.contiguous_format) for _ in terms]
        if not with_gradient:
            self.gradients = []

    def first(self) -> None:
        """Sums, and the gradients that need no sum."""
        local = [i for i, term in enumerate(self._terms) if term.local]
        for chunk in self._chunks(local):
            self.correct += (chunk.right & chunk.valid).sum()
            for term, state in zip(self._terms, self.states):
                term.add(state, chunk)

    def second(self) -> None:
        """The gradients that need the sums."""
        rest = [i for i, term in enumerate(self._terms) if not term.local]
        if rest and self._with_gradient:
            for _ in self._chunks(rest):
                pass

    def _chunks(self, members: list[int]) -> Iterator[Chunk]:
        """Yields each chunk, and then adds the gradients of some terms for it."""
        members = members if self._with_gradient else []
        for n, image in enumerate(self._logits):
            wide = self._upsampler.widen(image)
            sums = {i: torch.zeros_like(wide) for i in members}
            for k, rows in enumerate(self._upsampler.chunks):
                chunk = self._chunk(n, rows, self._upsampler.up(wide, k))
                yield chunk
                out = torch.empty_like(chunk.prob) if members else None
                for i in members:
                    gradient = self._terms[i].gradient(self.states[i], chunk, out)
                    self._upsampler.add_down(gradient, k, sums[i])
            for i in members:
                self.gradients[i][n] += self._upsampler.narrow(sums[i])

    def _chunk(self, n: int, rows: slice, logits: Tensor) -> Chunk:
        label, valid = self._targets.label[n, rows], self._targets.valid[n, rows]
        logits -= logits.amax(0)
        true = logits.gather(0, label[None])[0]
        odds = logits.exp_()
        total = odds.sum(0)
        # all logits are equal where a ReLU left nothing
        right = (true == 0) & ((total < len(odds)) | (label == self._tie))
        nll = total.log() - true
        return Chunk(n, rows, label, valid, odds.div_(total), nll, right)


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
