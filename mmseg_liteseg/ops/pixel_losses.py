"""Losses over all pixels of upsampled logits, several of them in the same passes."""

from __future__ import annotations

from typing import Any, Iterator, Sequence

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from .loss_terms import Chunk, Term
from .ohem_loss import accuracy_percent
from .ohem_sums import row_upsampler, tie_class
from .targets import Targets


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
        >>> from mmseg_liteseg.ops.loss_terms import CrossEntropyTerm, DiceTerm
        >>> targets = Targets(torch.randint(0, 5, (2, 48, 64)), ignore_index=255)
        >>> terms = [CrossEntropyTerm(targets.valid / targets.num_valid), DiceTerm()]
        >>> (ce, dice), accuracy = dense_losses(torch.zeros(2, 5, 6, 8), targets, terms)
        >>> round(ce.item(), 4)  # ln 5
        1.6094
    """
    logits = targets.fitting(logits)
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
                # one for all terms: each gradient is added down before the next one is made
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
