"""Divergence of two predictions, per pixel, at the resolution of the logits."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from mmseg_liteseg.errors import DataError


def kl_divergence(student: Tensor, teacher: Tensor, temperature: float = 1.0, weight: Tensor | None = None) -> Tensor:
    """Mean over pixels of T^2 KL(teacher || student), both softened by the temperature T (Hinton et al. 2015).

    Hinton's factor T^2 (https://arxiv.org/abs/1503.02531, section 2) keeps the gradient's size when T changes. The
    gradient, T weight (p_student - p_teacher), is made in the forward pass, image by image: probabilities of more than
    one image are never held.

    Args:
        student: Logits (N, C, h, w); half precision is computed in float32.
        teacher: Logits of the same shape; no gradient goes there.
        temperature: Divides all logits.
        weight: (N, h, w), of the mean; pixels alike by default. All 0 gives 0.

    Returns:
        A scalar.

    Raises:
        DataError: The shapes differ.

    Example:
        >>> student, teacher = torch.zeros(1, 2, 1, 1), torch.tensor([50.0, 0.0]).view(1, 2, 1, 1)
        >>> round(kl_divergence(student, teacher).item(), 4)  # ln 2: the teacher is certain, the student knows nothing
        0.6931
    """
    if student.ndim != 4 or student.shape != teacher.shape:
        raise DataError(
            f"the student's logits {tuple(student.shape)} and the teacher's {tuple(teacher.shape)} must have one "
            'shape, (N, C, h, w)'
        )
    if student.dtype not in (torch.float32, torch.float64):
        student = student.float()
    return _KLDivergence.apply(student, teacher.detach(), temperature, weight)


class _KLDivergence(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, student: Tensor, teacher: Tensor, temperature: float, weight: Tensor | None) -> Tensor:
        if weight is None:
            weight = student.new_ones((len(student), *student.shape[2:]))
        share = weight.to(student) / weight.sum().clamp(min=torch.finfo(torch.float32).tiny).to(student)
        total, gradient = student.new_zeros((), dtype=torch.float64), torch.empty_like(student)
        with torch.autocast(student.device.type, enabled=False):
            for n in range(len(student)):
                log_p = (student[n] / temperature).log_softmax(0)
                log_q = (teacher[n].to(student) / temperature).log_softmax(0)
                q = log_q.exp()
                total += ((q * (log_q - log_p)).sum(0) * share[n]).sum(dtype=torch.float64)
                torch.mul(log_p.exp() - q, share[n] * temperature, out=gradient[n])
        ctx.save_for_backward(gradient)
        return (total * temperature**2).to(student.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, loss_gradient: Tensor) -> tuple[Tensor | None, ...]:
        (gradient,) = ctx.saved_tensors
        return (gradient * loss_gradient, None, None, None)
