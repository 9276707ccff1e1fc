"""How a head turns a branch's logits into losses, with what all branches share done once."""

from __future__ import annotations

from functools import partial
from typing import Callable

import torch
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.models.losses import CrossEntropyLoss, accuracy
from mmseg.models.utils import resize
from mmseg.structures.sampler import OHEMPixelSampler as HostOHEMPixelSampler
from mmseg.utils import SampleList
from torch import Tensor, nn

from mmseg_liteseg.ops import Targets, dense_losses, hard_cross_entropy, ohem_cross_entropy
from mmseg_liteseg.ops.backend import autocasts, use_triton
from mmseg_liteseg.ops.kernel_checks import OHEM_LOSS
from mmseg_liteseg.ops.loss_terms import CrossEntropyTerm, Term

from ..losses.base import AllPixelLoss, average_factor, label_weights, weight_list
from ..samplers.ohem import OHEMPixelSampler, losses_of
from .labels import check_labels, check_masks


def make_branch_loss(head: BaseDecodeHead, data_samples: SampleList) -> Callable[[Tensor], dict[str, Tensor]]:
    """A function from logits (N, C, h, w) to the dict of losses and accuracy that ``head.loss_by_feat`` returns.

    The sampler's weights reach the cross entropy only; every other loss sees all pixels.

    Raises:
        DataError: A label is neither a class nor ignore_index; names the image.
    """
    # a head with a loss_by_feat of its own computes something else, which stays with it
    if type(head).loss_by_feat is not BaseDecodeHead.loss_by_feat:
        check_labels(data_samples, head.num_classes, head.ignore_index)
        return partial(head.loss_by_feat, batch_data_samples=data_samples)
    return BranchLoss(head, data_samples)


class BranchLoss:
    """The losses of ``head.loss_decode`` for the labels of one batch.

    ::

        logits at 1/8 -> ohem_cross_entropy      cross entropy with our sampler
                      -> hard_cross_entropy      cross entropy with mmseg's
                      -> dense_losses            cross entropy without one, Dice, boundary: no full-size logits
                      -> resize -> loss modules  whatever else

    Each loss takes the first way that computes the same as its module on full-size logits.
    """

    def __init__(self, head: BaseDecodeHead, data_samples: SampleList) -> None:
        self._head, self._losses = head, losses_of(head)
        self._label = head._stack_batch_gt(data_samples)
        self._targets = Targets(self._label, head.ignore_index) if _is_plain(head) else None
        # Targets knows the range without a look at each image: these say whose label is wrong
        if self._targets is None or not self._targets.within(head.num_classes):
            check = check_masks if _is_multi_label(head) else check_labels
            check(data_samples, head.num_classes, head.ignore_index)
        self._mined = [i for i, loss in enumerate(self._losses) if can_mine(head, loss)]
        self._terms: dict[int, Term] = {}
        for i, loss in enumerate(self._losses):
            term = None if i in self._mined else make_term(head, loss, self._targets)
            if term is not None:
                self._terms[i] = term

    def __call__(self, logits: Tensor) -> dict[str, Tensor]:
        """Logits (N, C, h, w) -> losses by name, and ``acc_seg``."""
        # every way gives the same accuracy: the last one's is taken
        values, found = self._full(logits)
        if self._mined:
            mine = self._ohem if type(self._head.sampler) is OHEMPixelSampler else self._hard
            mean, found = mine(logits)
            values.update({i: self._losses[i].loss_weight * mean for i in self._mined})
        if self._terms:
            means, found = dense_losses(logits, self._targets, list(self._terms.values()), self._head.align_corners)
            for i, mean in zip(self._terms, means):
                mean = as_hosts(mean, logits) if is_cross_entropy(self._losses[i]) else mean
                values[i] = self._losses[i].loss_weight * mean
        result: dict[str, Tensor] = {}
        for i, loss in enumerate(self._losses):
            # as the host: losses of one name are added up under it
            result[loss.loss_name] = result.get(loss.loss_name, 0) + values[i]
        return dict(result, acc_seg=found)

    def _ohem(self, logits: Tensor) -> tuple[Tensor, Tensor]:
        sampler = self._head.sampler
        class_weight = weight_list(self._losses[self._mined[0]].class_weight)  # one for all, which the sampler checks
        return ohem_cross_entropy(
            logits,
            self._targets,
            thresh=sampler.thresh,
            min_kept=sampler.pixels_to_keep(self._targets.label.numel()),
            align_corners=self._head.align_corners,
            class_weight=None if class_weight is None else torch.tensor(class_weight),
        )

    def _hard(self, logits: Tensor) -> tuple[Tensor, Tensor]:
        sampler, targets = self._head.sampler, self._targets
        loss = self._losses[self._mined[0]]
        class_weight = weight_list(loss.class_weight)
        return hard_cross_entropy(
            logits,
            targets,
            thresh=sampler.thresh,
            rank=sampler.min_kept * len(targets.label),  # mmseg counts per image, but over the batch
            divisor=mean_divisor(loss, targets),
            align_corners=self._head.align_corners,
            class_weight=None if class_weight is None else torch.tensor(class_weight),
        )

    def _full(self, logits: Tensor) -> tuple[dict[int, Tensor], Tensor | None]:
        """The losses that need full-size logits, all on the same ones, and the accuracy if there are such losses."""
        rest = [i for i in range(len(self._losses)) if i not in self._mined and i not in self._terms]
        if not rest:
            return {}, None
        head = self._head
        label = self._label.squeeze(1)  # of several masks the channels stay
        logits = resize(logits, self._label.shape[2:], mode='bilinear', align_corners=head.align_corners)
        weight = None
        if head.sampler is not None and any(is_cross_entropy(self._losses[i]) for i in rest):
            weight = head.sampler.sample(logits, self._label).reshape(label.shape)
        values = {}
        for i in rest:
            loss = self._losses[i]
            kept = weight if is_cross_entropy(loss) else None
            average = average_factor(loss, logits, label, head.ignore_index)
            given = {} if average is None else dict(avg_factor=average)  # not every loss has the argument
            values[i] = loss(logits, label, weight=kept, ignore_index=head.ignore_index, **given)
        return values, _accuracy(head, logits, label)


def scale_losses(losses: dict[str, Tensor], factor: float) -> dict[str, Tensor]:
    """The losses, not the accuracy, times a factor."""
    if factor == 1:
        return losses
    return {name: value * factor if 'loss' in name else value for name, value in losses.items()}


def as_hosts(loss: Tensor, logits: Tensor) -> Tensor:
    """A loss in the type that mmseg's cross entropy gives without a sampler: the logits', under autocast float32."""
    return loss if autocasts(logits.device) else loss.to(logits.dtype)


def is_cross_entropy(loss: nn.Module) -> bool:
    """Whether a sampler's weights are meant for this loss."""
    return isinstance(loss, CrossEntropyLoss)


def can_mine(head: BaseDecodeHead, loss: nn.Module) -> bool:
    """Whether `ohem_cross_entropy` computes what the head's sampler and this loss do."""
    weight = next(head.parameters())  # not every head has a conv_seg
    return (
        _is_plain(head)
        and (type(head.sampler) is OHEMPixelSampler or _is_hosts(head, loss))
        and type(loss) is CrossEntropyLoss
        # without kernels that proved themselves a GPU computes mmseg's way: its matrix products may be inexact (TF32)
        and (weight.device.type == 'cpu' or (use_triton(weight) and OHEM_LOSS.passes(weight.device, weight.dtype)))
    )


def make_term(head: BaseDecodeHead, loss: nn.Module, targets: Targets | None) -> Term | None:
    """What `dense_losses` needs to compute this loss; None where it cannot.

    On a GPU it does not: upsampling in chunks is a CPU's way, for its caches.
    """
    if not _is_plain(head) or targets is None or next(head.parameters()).device.type != 'cpu':
        return None
    if isinstance(loss, AllPixelLoss):
        return loss.term(targets)
    if head.sampler is None and type(loss) is CrossEntropyLoss and loss.reduction == 'mean':
        return None if loss.use_sigmoid or loss.use_mask else CrossEntropyTerm(_mean_weights(loss, targets))
    return None


def _mean_weights(loss: CrossEntropyLoss, targets: Targets) -> Tensor:
    """Weights by which mmseg's cross entropy is a sum over pixels: it divides by all of them, ignored ones included.

    With class weights it divides by the weights of the valid ones.
    """
    class_weight = weight_list(loss.class_weight)
    class_weight = None if class_weight is None else torch.tensor(class_weight)
    return label_weights(targets.label, targets.valid, class_weight) / mean_divisor(loss, targets)


def mean_divisor(loss: CrossEntropyLoss, targets: Targets) -> float:
    """What mmseg's cross entropy divides the sum over the pixels by."""
    class_weight = weight_list(loss.class_weight)
    if class_weight is not None:
        weight = label_weights(targets.label, targets.valid, torch.tensor(class_weight))
        total = weight.sum(dtype=torch.float64).item()
    else:
        total = targets.num_valid if loss.avg_non_ignore else targets.label.numel()
    return total + torch.finfo(torch.float32).eps  # mmseg's guard against nothing valid


def _is_hosts(head: BaseDecodeHead, loss: nn.Module) -> bool:
    """Whether mmseg's sampler picks by probability, for this loss alone: two may divide by different numbers."""
    sampler, losses = head.sampler, losses_of(head)
    by_probability = type(sampler) is HostOHEMPixelSampler and sampler.thresh is not None
    plain = not getattr(loss, 'use_sigmoid', False) and not getattr(loss, 'use_mask', False)
    return by_probability and plain and len(losses) == 1 and getattr(loss, 'reduction', None) == 'mean'


def _is_multi_label(head: BaseDecodeHead) -> bool:
    return getattr(head, 'multi_label', False)


@torch.no_grad()
def _accuracy(head: BaseDecodeHead, logits: Tensor, label: Tensor) -> Tensor:
    """In percent, (1,); mmseg's takes the only class there is for the largest where there is one logit."""
    if head.out_channels > 1 and not _is_multi_label(head):
        return accuracy(logits, label, ignore_index=head.ignore_index)
    label = label.reshape(logits.shape)
    valid = label != head.ignore_index
    right = valid & ((logits.sigmoid() > head.threshold) == (label == 1))
    return (100.0 * right.sum() / valid.sum().clamp(min=1)).reshape(1)


def _is_plain(head: BaseDecodeHead) -> bool:
    """Whether a softmax over the classes is what the head's labels are for."""
    if _is_multi_label(head):
        return False
    return isinstance(head.ignore_index, int) and head.out_channels == head.num_classes > 1
