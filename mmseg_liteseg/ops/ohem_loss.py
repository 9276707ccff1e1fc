"""Upsampling, cross entropy, hard example mining and accuracy in one pass over the pixels."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from .backend import use_triton
from .kernel_checks import OHEM_LOSS
from .ohem_sums import ChunkedSums, OHEMSums
from .targets import Targets

# PaddleSeg's, in mean(loss * kept) / (mean(kept) + EPS)
EPS = 1e-5


def ohem_cross_entropy(
    logits: Tensor,
    targets: Targets,
    thresh: float,
    min_kept: int,
    align_corners: bool = False,
    class_weight: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Mean cross entropy of the hard pixels of upsampled logits, and the accuracy over all pixels.

    The same as ``F.interpolate`` to the labels' size, our ``OHEMPixelSampler``, mmseg's ``CrossEntropyLoss`` and
    ``accuracy``, but nothing of full size with a channel per class is ever held. The gradient goes to the size of the
    logits in the same pass, so backward is one multiplication.

    Which pixels are hard is known during the pass unless fewer than ``min_kept`` are below ``thresh``. Then the
    threshold is the ``min_kept``-th smallest probability, and a second pass adds the pixels in between.

    Args:
        logits: (N, C, h, w). Half precision is computed in float32.
        targets: The labels.
        thresh: Probability of the true class from which on a pixel is easy.
        min_kept: Pixels of the batch to keep at least.
        align_corners: Of the upsampling.
        class_weight: (C,), scales each pixel's loss.

    Returns:
        The loss, a scalar, and the accuracy in percent, of shape (1,), both float32 (float64 for such logits).

    Raises:
        DataError: The batch sizes differ, or a label is not below C.
    """
    if not 0 < min_kept < targets.num_valid:
        thresh, min_kept = float('inf'), 0  # every valid pixel counts
    return _apply(logits, targets, thresh, min_kept, align_corners, class_weight, (1.0, EPS * targets.valid.numel()))


def hard_cross_entropy(
    logits: Tensor,
    targets: Targets,
    thresh: float,
    rank: int,
    divisor: float | None,
    align_corners: bool = False,
    class_weight: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Cross entropy of the hard pixels as mmseg's OHEMPixelSampler and OhemCrossEntropy pick them, and the accuracy.

    A valid pixel is hard when the probability of its class is below the larger of ``thresh`` and the probability that
    is number ``rank``, from 0 on, of the sorted ones; the last one where there are not so many.

    Args:
        logits: (N, C, h, w). Half precision is computed in float32.
        targets: The labels.
        thresh: See above.
        rank: See above.
        divisor: Of the sum over the hard pixels; None for their number.
        align_corners: Of the upsampling.
        class_weight: (C,), scales each pixel's loss.

    Returns:
        The loss, a scalar, and the accuracy in percent, of shape (1,).

    Raises:
        DataError: The batch sizes differ, or a label is not below C.
    """
    min_kept = min(rank + 1, targets.num_valid)
    if divisor is None:
        scale = (1.0, 0.0) if targets.num_valid else (1.0, 1.0)  # of no pixels mmseg's mean is 0
    else:
        scale = (0.0, divisor)
    return _apply(logits, targets, thresh, min_kept, align_corners, class_weight, scale)


def _apply(
    logits: Tensor,
    targets: Targets,
    thresh: float,
    min_kept: int,
    align_corners: bool,
    class_weight: Tensor | None,
    scale: tuple[float, float],
) -> tuple[Tensor, Tensor]:
    logits = targets.fitting(logits)
    if class_weight is not None:
        class_weight = class_weight.to(logits)
    return _OHEMCrossEntropy.apply(logits, targets, thresh, min_kept, align_corners, class_weight, scale)


class _OHEMCrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        logits: Tensor,
        targets: Targets,
        thresh: float,
        min_kept: int,
        align_corners: bool,
        class_weight: Tensor | None,
        scale: tuple[float, float],
    ) -> tuple[Tensor, Tensor]:
        args = (logits, targets, align_corners, class_weight, ctx.needs_input_grad[0])
        with torch.autocast(logits.device.type, enabled=False):
            sums = _gather(*args, thresh=thresh, min_kept=min_kept)
        scale = 1 / (scale[0] * sums.kept + scale[1])  # the sum is divided by so much of the kept pixels, and so much
        if sums.gradient is not None:
            ctx.save_for_backward(sums.gradient.mul_(scale))
        accuracy = accuracy_percent(sums.correct, targets.num_valid)
        ctx.mark_non_differentiable(accuracy)
        return (sums.loss * scale).to(logits.dtype), accuracy

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, loss_gradient: Tensor, _: Tensor) -> tuple[Tensor | None, ...]:
        (gradient,) = ctx.saved_tensors
        return (gradient * loss_gradient, None, None, None, None, None, None)


def _gather(logits: Tensor, *args: Any, thresh: float, min_kept: int) -> OHEMSums:
    """The sums over the pixels below the threshold, or over the ``min_kept`` hardest ones."""

    def by_kernels() -> OHEMSums:
        from .ohem_kernels import TritonSums

        return _mine(TritonSums(logits, *args), thresh, min_kept)

    def by_torch() -> OHEMSums:
        return _mine(ChunkedSums(logits, *args), thresh, min_kept)

    return OHEM_LOSS.run(logits, by_kernels, by_torch) if use_triton(logits) else by_torch()


def _mine(sums: OHEMSums, thresh: float, min_kept: int) -> OHEMSums:
    sums.run(below=thresh)
    if int(sums.kept) < min_kept:
        sums.run(below=_smallest(sums.prob[sums.targets.valid], min_kept), start=thresh)
    return sums


def _smallest(values: Tensor, k: int) -> float:
    """The k-th smallest value."""
    if values.is_cuda:  # kthvalue runs on a single multiprocessor
        return values.topk(k, largest=False, sorted=False).values.max().item()
    return values.kthvalue(k).values.item()


def accuracy_percent(correct: Tensor, num_valid: int) -> Tensor:
    """In percent, (1,); as mmseg's, with the same guard against zero pixels."""
    eps = torch.finfo(torch.float32).eps
    return ((correct.float() + eps) * (100.0 / (num_valid + eps))).reshape(1)
