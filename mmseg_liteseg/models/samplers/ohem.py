"""Online hard example mining as PP-LiteSeg trains with it, section 4.1 of https://arxiv.org/abs/2204.02681.

Reference: paddleseg/models/losses/ohem_cross_entropy_loss.py of PaddleSeg (d7975e7c).
"""

from __future__ import annotations

import torch
import torch.nn as nn
from mmseg.models.losses import CrossEntropyLoss
from mmseg.structures.sampler.base_pixel_sampler import BasePixelSampler
from torch import Tensor

from mmseg_liteseg.errors import SettingError
from mmseg_liteseg.ops.ohem_loss import EPS
from mmseg_liteseg.registry import TASK_UTILS


@TASK_UTILS.register_module()
class OHEMPixelSampler(BasePixelSampler):
    """Weights that turn CrossEntropyLoss's mean over all pixels into the mean over the hard ones.

    A valid pixel is kept when the probability of its true class is below max(thresh, the min_kept-th smallest such
    probability of the batch on this device). Without more than min_kept valid pixels, or with ``min_kept=0``, every
    valid pixel is kept.

    mmseg's sampler of the same name differs: it divides by all pixels, counts min_kept per image and keeps one more.

    Args:
        context: The decode head; its ignore_index and loss_decode are read.
        thresh: Probability from which on a pixel counts as easy, in 0..1.
        min_kept: Pixels to keep at least, of the whole batch on one device; below 1, as a share of all its pixels.

    Raises:
        SettingError: A value is out of range, or loss_decode is something whose mean these weights would not mend: not
            CrossEntropyLoss (softmax, reduction='mean'), or one with avg_non_ignore. In `FLDHead` other losses may
            stand beside it: the weights do not reach them. Heads of one logit, and those with ``multi_label``, take
            CrossEntropyLoss(use_sigmoid=True).
    """

    def __init__(self, context: nn.Module, thresh: float = 0.7, min_kept: float = 10000) -> None:
        super().__init__()
        if not 0 <= thresh <= 1:
            raise SettingError(f'thresh must be a probability in 0..1, got {thresh!r}')
        if min_kept < 0 or (min_kept >= 1 and min_kept != int(min_kept)):
            raise SettingError(f'min_kept must be a whole number of pixels or a share in 0..1, got {min_kept!r}')
        _check_losses(context)
        self.context = context
        self.thresh = thresh
        self.min_kept = min_kept

    @torch.no_grad()
    def sample(self, seg_logit: Tensor, seg_label: Tensor) -> Tensor:
        """Weights of the pixels' losses.

        Args:
            seg_logit: Logits (N, C, H, W).
            seg_label: Labels (N, 1, H, W); of a head with ``multi_label`` masks (N, C, H, W).

        Returns:
            (N, H, W), float32: N * H * W / (kept + eps * N * H * W) at kept pixels, 0 elsewhere; likewise (N, C, H, W)
            of the masks' entries.
        """
        label = seg_label if getattr(self.context, 'multi_label', False) else seg_label.squeeze(1)
        valid = label != self.context.ignore_index
        weight = self.keep(seg_logit, label).float()
        # as the original: mean(loss * kept) / (mean(kept) + eps)
        weight /= weight.mean() + EPS
        return weight * self._normaliser(label, valid)

    def pixels_to_keep(self, num_pixels: int) -> int:
        """``min_kept`` as a number, for a batch of ``num_pixels`` pixels."""
        return int(self.min_kept * num_pixels) if self.min_kept < 1 else int(self.min_kept)

    @torch.no_grad()
    def keep(self, seg_logit: Tensor, label: Tensor, pixels: int | None = None) -> Tensor:
        """Which pixels are kept: the valid ones below the threshold.

        Args:
            seg_logit: Logits (N, C, H, W).
            label: Labels (N, H, W); of a head with ``multi_label`` masks (N, C, H, W).
            pixels: Of how many pixels ``min_kept`` speaks, where these are a smaller version of them.

        Returns:
            As ``label``, bool.
        """
        valid = label != self.context.ignore_index
        min_kept = self.pixels_to_keep(pixels or label.numel())
        if pixels:
            min_kept = min_kept * label.numel() // pixels
        if not 0 < min_kept < int(valid.sum()):
            return valid
        # gather takes no ignore_index for a channel
        true = label.where(valid, label.new_zeros(()))
        if _is_sigmoid(self.context):
            # 1 - sigmoid(x) = sigmoid(-x), of what the label says, without cancellation
            prob = (seg_logit.float().reshape(label.shape) * (2 * true - 1)).sigmoid()
        else:
            prob = seg_logit.float().softmax(1).gather(1, true.unsqueeze(1)).squeeze(1)
        threshold = prob[valid].kthvalue(min_kept).values.clamp(min=self.thresh)
        return valid & (prob < threshold)

    def _normaliser(self, label: Tensor, valid: Tensor) -> Tensor | float:
        """What CrossEntropyLoss divides by, per pixel: 1, or the mean weight of the valid pixels' classes.

        The original's class weights scale only the numerator.
        """
        class_weight = _weights(_mined_losses(self.context)[0])
        # a sigmoid's scales the positive pixels' losses, and is no part of what they are divided by
        if class_weight is None or _is_sigmoid(self.context):
            return 1.0
        return label.new_tensor(class_weight, dtype=torch.float)[label[valid]].sum() / label.numel()


def losses_of(head: nn.Module) -> list[nn.Module]:
    """The losses of a decode head."""
    losses = head.loss_decode
    return list(losses) if isinstance(losses, nn.ModuleList) else [losses]


def _is_sigmoid(head: nn.Module) -> bool:
    """Whether the head's outputs are a yes or no each."""
    return getattr(head, 'multi_label', False) or getattr(head, 'out_channels', None) == 1


def _mined_losses(head: nn.Module) -> list[nn.Module]:
    """Those that get the weights."""
    return [loss for loss in losses_of(head) if isinstance(loss, CrossEntropyLoss)]


def _check_losses(context: nn.Module) -> None:
    mined, losses = _mined_losses(context), losses_of(context)
    # mmseg's heads hand the weights to every loss; ours to the cross entropy only
    others = [] if mined and getattr(context, 'samples_cross_entropy_only', False) else losses
    for loss in [*mined, *others]:
        fits = isinstance(loss, CrossEntropyLoss) and not loss.use_mask and loss.use_sigmoid == _is_sigmoid(context)
        if not fits:
            kind = 'CrossEntropyLoss(use_sigmoid=True)' if _is_sigmoid(context) else 'softmax CrossEntropyLoss'
            raise SettingError(
                f'OHEMPixelSampler needs loss_decode to be a {kind}, got {_describe(loss)}: set sampler=None'
            )
        if loss.reduction != 'mean':
            raise SettingError(f"OHEMPixelSampler needs loss_decode.reduction='mean', got {loss.reduction!r}")
        if loss.avg_non_ignore:
            raise SettingError(
                'OHEMPixelSampler does not go with loss_decode.avg_non_ignore=True: its weights already average over '
                'the kept pixels'
            )
        if _weights(loss) != _weights(mined[0]):
            raise SettingError('OHEMPixelSampler needs the same class_weight in every loss of loss_decode')


def _weights(loss: CrossEntropyLoss) -> list[float] | None:
    return None if loss.class_weight is None else [float(w) for w in loss.class_weight]


def _describe(loss: nn.Module) -> str:
    sigmoid = '(use_sigmoid=True)' if getattr(loss, 'use_sigmoid', False) else ''
    return type(loss).__name__ + sigmoid
