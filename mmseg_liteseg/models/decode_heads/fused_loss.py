"""The fused losses for mmseg's own heads: the same values and gradients, without full-size logits.

mmseg upsamples the logits of every head to the labels' size and takes softmax, loss and accuracy of that: with several
heads this costs more than the network. What of it can be fused is decided head by head, by what its classes say; the
rest stays the host's.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Iterator

import torch
from mmseg.models.decode_heads import DDRHead
from mmseg.models.decode_heads.cascade_decode_head import BaseCascadeDecodeHead
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.models.losses import CrossEntropyLoss, OhemCrossEntropy
from mmseg.structures.sampler import OHEMPixelSampler as HostOHEMPixelSampler
from mmseg.utils import SampleList
from torch import Tensor, nn

from mmseg_liteseg.ops import Targets, hard_cross_entropy
from mmseg_liteseg.ops.backend import use_triton

from ..samplers.ohem import OHEMPixelSampler, losses_of
from .branch_loss import BranchLoss, as_hosts
from .labels import check_labels


class _Mixin:
    """Of classes that are made when they are needed: a copy in another process makes them anew."""

    def __reduce_ex__(self, protocol: int) -> tuple:
        mixin, kind = type(self).__bases__
        return _blank, (mixin, kind), self.__dict__


class FusedLoss(_Mixin):
    """Mixed in before a head whose ``loss_by_feat`` is BaseDecodeHead's."""

    def loss_by_feat(self, seg_logits: Tensor, batch_data_samples: SampleList) -> dict[str, Tensor]:
        """Logits (N, C, h, w) -> losses and ``acc_seg``, as BaseDecodeHead."""
        if not isinstance(seg_logits, Tensor) or not can_fuse(self):
            return super().loss_by_feat(seg_logits, batch_data_samples)
        return BranchLoss(self, batch_data_samples)(seg_logits)


class FusedDDRLoss(_Mixin):
    """Mixed in before DDRHead, whose two branches have an OhemCrossEntropy each."""

    def loss_by_feat(self, seg_logits: tuple[Tensor, Tensor], batch_data_samples: SampleList) -> dict[str, Tensor]:
        """Logits of both branches -> ``loss_context``, ``loss_spatial`` and ``acc_seg``, as DDRHead."""
        losses = losses_of(self)
        if not all(_is_ohem(self, loss) for loss in losses) or not _has_fast_path(self):
            return super().loss_by_feat(seg_logits, batch_data_samples)
        targets = Targets(self._stack_batch_gt(batch_data_samples), self.ignore_index)
        if not targets.within(self.num_classes):
            check_labels(batch_data_samples, self.num_classes, self.ignore_index)
        (context, accuracy), (spatial, _) = (
            _ohem(logits, targets, loss, self.align_corners) for logits, loss in zip(seg_logits, losses)
        )
        return dict(loss_context=context, loss_spatial=spatial, acc_seg=accuracy)


def fuse_losses(model: nn.Module) -> list[str]:
    """Lets the heads of a segmentor compute their losses fused, wherever that gives the same; in place.

    Args:
        model: Any segmentor, or a wrapper around one. Its state dict and its predictions do not change.

    Returns:
        Names of the heads that compute fused losses now, or did already.

    Example:
        >>> from mmseg.models.decode_heads import FCNHead
        >>> model = nn.Module()
        >>> model.decode_head = FCNHead(in_channels=8, channels=4, num_classes=3)
        >>> fuse_losses(model), type(model.decode_head).__name__
        (['decode_head'], 'FusedFCNHead')
    """
    fused = []
    for name, head in _heads(model):
        if not isinstance(head, (FusedLoss, FusedDDRLoss)):
            mixin = _mixin_of(type(head))
            if mixin is None:
                continue
            # only the class changes: parameters, hooks and whoever holds the head keep this very object
            head.__class__ = _with(mixin, type(head))
        fused.append(name)
    return fused


def can_fuse(head: BaseDecodeHead) -> bool:
    """Whether a head's losses and sampler are of the kinds that the fused pass computes.

    Other losses beside cross entropy stay the host's: mmseg hands them a sampler's weights, `FLDHead` does not.
    """
    plain = isinstance(head.ignore_index, int) and head.out_channels == head.num_classes > 1
    sampler = head.sampler
    known = sampler is None or type(sampler) is OHEMPixelSampler
    known = known or (type(sampler) is HostOHEMPixelSampler and sampler.thresh is not None)  # else it ranks losses
    return plain and known and _has_fast_path(head) and all(_is_cross_entropy(loss) for loss in losses_of(head))


def _heads(model: nn.Module) -> Iterator[tuple[str, BaseDecodeHead]]:
    for name, module in model.named_modules():
        if isinstance(module, BaseDecodeHead):
            yield name, module


def _mixin_of(kind: type) -> type | None:
    """By what a head's class computes; one that overrides it computes something else."""
    if kind.loss not in (BaseDecodeHead.loss, BaseCascadeDecodeHead.loss):
        return None  # FLDHead fuses by itself
    if kind.loss_by_feat is BaseDecodeHead.loss_by_feat:
        return FusedLoss
    return FusedDDRLoss if kind.loss_by_feat is DDRHead.loss_by_feat else None


# one class for all heads of a kind, as code that compares types expects
@lru_cache(maxsize=None)
def _with(mixin: type, kind: type) -> type:
    return type(f'Fused{kind.__name__}', (mixin, kind), {})


def _blank(mixin: type, kind: type) -> BaseDecodeHead:
    made = _with(mixin, kind)
    return made.__new__(made)


def _has_fast_path(head: BaseDecodeHead) -> bool:
    """On a GPU without the kernels mmseg's way is taken: matrix products there may be inexact (TF32)."""
    weight = next(head.parameters())
    return weight.device.type == 'cpu' or use_triton(weight)


def _is_cross_entropy(loss: nn.Module) -> bool:
    if type(loss) is not CrossEntropyLoss or loss.use_sigmoid or loss.use_mask:
        return False
    return loss.reduction == 'mean'


def _is_ohem(head: BaseDecodeHead, loss: nn.Module) -> bool:
    return type(loss) is OhemCrossEntropy and loss.ignore_label == head.ignore_index


def _ohem(logits: Tensor, targets: Targets, loss: OhemCrossEntropy, align_corners: bool) -> tuple[Tensor, Tensor]:
    """Mmseg's OhemCrossEntropy: the mean over the hard pixels, whose number is that of the batch."""
    weight = None if loss.class_weight is None else torch.tensor(loss.class_weight)
    mean, accuracy = hard_cross_entropy(logits, targets, loss.thresh, loss.min_kept, None, align_corners, weight)
    return loss.loss_weight * as_hosts(mean, logits), accuracy
