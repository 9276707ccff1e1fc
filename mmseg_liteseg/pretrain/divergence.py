"""How far the student's prediction is from the teacher's, without labels."""

from __future__ import annotations

import math

import torch
import torch.nn as nn
from torch import Tensor

from mmseg_liteseg.errors import SettingError
from mmseg_liteseg.registry import MODELS


def js_divergence(student: Tensor, teacher: Tensor) -> Tensor:
    """Jensen-Shannon divergence of two softmax distributions, in nats.

    JS(p, q) = (KL(p, m) + KL(q, m)) / 2 with m = (p + q) / 2: symmetric, between 0 and log 2.

    Args:
        student: Logits (N, C).
        teacher: Logits (N, C).

    Returns:
        (N,), in float32 at least: the difference of logarithms would be lost in half precision.

    Example:
        >>> js_divergence(torch.tensor([[50.0, 0.0]]), torch.tensor([[0.0, 50.0]]))  # opposites: log 2
        tensor([0.6931])
    """
    log_p, log_q = _log_probabilities(student, teacher)
    # in logarithms: probabilities of a sure teacher are 0 in float32
    log_m = torch.logaddexp(log_p, log_q) - math.log(2)
    return (log_p.exp() * (log_p - log_m) + log_q.exp() * (log_q - log_m)).sum(1) / 2


def symmetric_kl(student: Tensor, teacher: Tensor) -> Tensor:
    """(KL(p, q) + KL(q, p)) / 2 of two softmax distributions, in nats: (N,) from logits (N, C).

    What PaddleClas calls JS divergence (JSDivLoss of its release 2.0, DMLLoss since) and trained SSLD with. Unlike
    ``js_divergence`` it has no upper bound; where the two predictions are close it is four times as large.

    Example:
        >>> symmetric_kl(torch.tensor([[1.0, 1.0]]), torch.tensor([[1.0, 1.0]]))
        tensor([0.])
    """
    log_p, log_q = _log_probabilities(student, teacher)
    return ((log_p.exp() - log_q.exp()) * (log_p - log_q)).sum(1) / 2


def _log_probabilities(student: Tensor, teacher: Tensor) -> tuple[Tensor, Tensor]:
    if student.shape != teacher.shape:
        raise SettingError(
            f"the student's logits have shape {tuple(student.shape)} and the teacher's {tuple(teacher.shape)}: "
            "set model.head.num_classes to the teacher's number of classes"
        )
    dtype = torch.promote_types(torch.promote_types(student.dtype, teacher.dtype), torch.float32)
    return student.to(dtype).log_softmax(1), teacher.to(dtype).log_softmax(1)


_KINDS = dict(js=js_divergence, symmetric_kl=symmetric_kl)


@MODELS.register_module()
class JSDivergence(nn.Module):
    """SSLD's loss (https://arxiv.org/abs/2103.05959): the mean divergence of the images.

    Args:
        kind: ``'js'``, the Jensen-Shannon divergence, or ``'symmetric_kl'``, what PaddleClas computes by that name.
        loss_weight: Factor.

    Raises:
        SettingError: Unknown kind, or (in forward) logits of two shapes.

    Example:
        >>> JSDivergence()(torch.zeros(4, 10), torch.zeros(4, 10))
        tensor(0.)
    """

    def __init__(self, kind: str = 'js', loss_weight: float = 1.0) -> None:
        super().__init__()
        if kind not in _KINDS:
            raise SettingError(f'divergence.kind must be one of {sorted(_KINDS)}, got {kind!r}')
        self.kind, self.loss_weight = kind, loss_weight

    def forward(self, student: Tensor, teacher: Tensor) -> Tensor:
        """Logits (N, C) of both -> scalar."""
        return self.loss_weight * _KINDS[self.kind](student, teacher).mean()
