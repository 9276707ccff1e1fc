"""How a head turns a branch's logits into losses, with what all branches share done once."""

from __future__ import annotations

from functools import partial
from typing import Callable

import torch
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.models.losses import CrossEntropyLoss
from mmseg.utils import SampleList
from torch import Tensor, nn

from mmseg_liteseg.ops import Targets, ohem_cross_entropy
from mmseg_liteseg.ops.backend import use_triton

from ..samplers.ohem import OHEMPixelSampler
from .labels import check_labels


def make_branch_loss(head: BaseDecodeHead, data_samples: SampleList) -> Callable[[Tensor], dict[str, Tensor]]:
    """A function from logits (N, C, h, w) to the dict of losses and accuracy that ``head.loss_by_feat`` returns.

    With our OHEMPixelSampler and CrossEntropyLoss it is the fused one, of the same values; else mmseg's.

    Raises:
        DataError: A label is neither a class nor ignore_index; names the image.
    """
    if not can_fuse(head):
        check_labels(data_samples, head.num_classes, head.ignore_index)
        return partial(head.loss_by_feat, batch_data_samples=data_samples)
    targets = Targets(head._stack_batch_gt(data_samples), head.ignore_index)
    if not targets.within(head.num_classes):
        check_labels(data_samples, head.num_classes, head.ignore_index)
    return partial(_fused_loss, head, targets)


def can_fuse(head: BaseDecodeHead) -> bool:
    """Whether `ohem_cross_entropy` computes what the head's sampler and losses do."""
    return (
        type(head.sampler) is OHEMPixelSampler
        and all(type(loss) is CrossEntropyLoss for loss in _losses(head))
        and type(head).loss_by_feat is BaseDecodeHead.loss_by_feat
        and isinstance(head.ignore_index, int)
        and head.out_channels == head.num_classes > 1
        # without the kernels a GPU computes mmseg's way: matrix products there may be inexact (TF32)
        and (head.conv_seg.weight.device.type == 'cpu' or use_triton(head.conv_seg.weight))
    )


def _fused_loss(head: BaseDecodeHead, targets: Targets, logits: Tensor) -> dict[str, Tensor]:
    losses = _losses(head)
    class_weight = losses[0].class_weight  # one for all, which the sampler checks
    mean, accuracy = ohem_cross_entropy(
        logits,
        targets,
        thresh=head.sampler.thresh,
        min_kept=head.sampler.pixels_to_keep(targets.label.numel()),
        align_corners=head.align_corners,
        class_weight=None if class_weight is None else torch.as_tensor(class_weight),
    )
    result: dict[str, Tensor] = {}
    for loss in losses:
        result[loss.loss_name] = result.get(loss.loss_name, 0) + loss.loss_weight * mean
    return dict(result, acc_seg=accuracy)


def _losses(head: BaseDecodeHead) -> list[nn.Module]:
    losses = head.loss_decode
    return list(losses) if isinstance(losses, nn.ModuleList) else [losses]
