"""Flexible lightweight decoder (FLD) with its heads, section 3.1 of https://arxiv.org/abs/2204.02681.

Reference: PPLiteSegHead and SegHead in paddleseg/models/pp_liteseg.py of PaddleSeg (d7975e7c).
"""

from __future__ import annotations

from typing import Any, Sequence

import torch.nn as nn
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.utils import SampleList, add_prefix
from torch import Tensor

from mmseg_liteseg.checkpoint.guard import PaddleWeightsGuard
from mmseg_liteseg.errors import SettingError
from mmseg_liteseg.registry import MODELS

from ..layers.checks import check_positive_ints
from ..layers.conv import ConvBN
from ..layers.uafm import KAIMING_FAN_IN
from ..losses.base import check_number
from .branch_loss import make_branch_loss, scale_losses
from .loss_config import check_class_weights, without_formulas


class SegBranch(nn.Sequential):
    """3x3 conv, then a 1x1 classifier without bias: (N, in_channels, h, w) -> (N, num_classes, h, w)."""

    def __init__(self, in_channels: int, channels: int, num_classes: int, norm_cfg: dict, act_cfg: dict) -> None:
        super().__init__()
        self.add_module('conv', ConvBN(in_channels, channels, 3, padding=1, norm_cfg=norm_cfg, act_cfg=act_cfg))
        self.add_module('conv_seg', nn.Conv2d(channels, num_classes, 1, bias=False))


@MODELS.register_module()
class FLDHead(PaddleWeightsGuard, BaseDecodeHead):
    """Decoder of PP-LiteSeg: a chain of UAFMs from the context up to the finest feature, and its heads.

    ::

        context ---+
        x32 -> fusions.2 -> f32 -> aux_heads.1 (training only)
                     |
        x16 -> fusions.1 -> f16 -> aux_heads.0 (training only)
                     |
        x8  -> fusions.0 -> f8  -> cls_conv -> conv_seg -> logits at 1/8

    The number of fusions follows the number of inputs. Three, as drawn, is the released code, which all released
    weights fit; ``in_channels=(256, 512, 128), in_index=(0, 1, 3), decoder_channels=(32, 64), aux_channels=()`` is the
    paper's text.

    The auxiliary heads sit on features of the decoder, which mmseg's auxiliary_head cannot reach; hence they live here.
    ``forward`` returns one tensor in training and in eval, and never runs them.

    Args:
        in_channels: Channels of the selected inputs, fine to coarse, the context last.
        in_index: Which inputs to take.
        decoder_channels: Channels of the fused features, fine to coarse: one less than inputs.
        channels: Channels of the main head's hidden layer.
        aux_channels: Channels of the auxiliary heads' hidden layers, on the fused features from the second finest on.
        aux_loss_weights: Factors of the auxiliary heads' losses, one per head; 1 each by default, as in the original.
        fusion_cfg: Type and options of the fusion: UAFM, SpatialUAFM or ChannelUAFM.
        num_classes: Number of classes.
        dropout_ratio: Before the main classifier; the original has none.
        norm_cfg: Normalisation of every convolution.
        init_cfg: Initialisation; Kaiming normal (fan in) by default, as in the original.
        loss_decode: One loss or several, for every head. A sampler's weights reach the cross entropy only; the others
            see all pixels. ``class_weight`` may be a formula (`datasets.class_weights`), which tools/train.py replaces
            by numbers.
        **kwargs: Of mmseg's BaseDecodeHead (act_cfg, sampler, ignore_index, align_corners, ...).

    Raises:
        SettingError: Lengths of in_channels, in_index, decoder_channels, aux_channels or aux_loss_weights do not fit
            each other, an index of in_index is negative or (in forward) outside the inputs, or a class_weight does not
            hold one number per class.
        KeyError: Unknown fusion type.

    Example:
        >>> import torch
        >>> head = FLDHead(num_classes=19).eval()
        >>> x8, x16 = torch.rand(1, 256, 8, 16), torch.rand(1, 512, 4, 8)
        >>> x32, context = torch.rand(1, 1024, 2, 4), torch.rand(1, 128, 2, 4)
        >>> head((x8, x16, x32, context)).shape
        torch.Size([1, 19, 8, 16])
    """

    part = 'decode_head'
    samples_cross_entropy_only = True  # read by our sampler, which on mmseg's heads refuses other losses

    def __init__(
        self,
        in_channels: Sequence[int] = (256, 512, 1024, 128),
        in_index: Sequence[int] = (0, 1, 2, 3),
        decoder_channels: Sequence[int] = (32, 64, 128),
        channels: int = 32,
        aux_channels: Sequence[int] = (64, 64),
        aux_loss_weights: Sequence[float] | None = None,
        fusion_cfg: dict = dict(type='mmseg_liteseg.SpatialUAFM'),
        *,
        num_classes: int,
        dropout_ratio: float = 0.0,
        norm_cfg: dict = dict(type='BN'),
        init_cfg: dict | list | None = None,
        loss_decode: dict | Sequence[dict] = dict(type='CrossEntropyLoss', use_sigmoid=False, loss_weight=1.0),
        **kwargs: Any,
    ) -> None:
        _check_levels(in_channels, in_index, decoder_channels, aux_channels)
        self.aux_loss_weights = _loss_weights(aux_loss_weights, len(aux_channels))
        loss_decode, self._open_formula = without_formulas(loss_decode)
        super().__init__(
            list(in_channels),
            channels,
            num_classes=num_classes,
            dropout_ratio=dropout_ratio,
            norm_cfg=norm_cfg,
            in_index=list(in_index),
            input_transform='multiple_select',
            init_cfg=init_cfg or KAIMING_FAN_IN,
            loss_decode=loss_decode,
            **kwargs,
        )
        check_class_weights(self)
        branch_cfg = dict(norm_cfg=norm_cfg, act_cfg=self.act_cfg)
        self.fusions = self._build_fusions(decoder_channels, fusion_cfg, branch_cfg)
        self.cls_conv = ConvBN(decoder_channels[0], channels, 3, padding=1, **branch_cfg)
        self.conv_seg = nn.Conv2d(channels, self.out_channels, 1, bias=False)
        self.aux_heads = nn.ModuleList(
            [
                SegBranch(width, aux_width, self.out_channels, **branch_cfg)
                for width, aux_width in zip(decoder_channels[1:], aux_channels)
            ]
        )

    def _build_fusions(self, decoder_channels: Sequence[int], fusion_cfg: dict, cfg: dict) -> nn.ModuleList:
        skip_channels, context_channels = self.in_channels[:-1], self.in_channels[-1]
        deeper_channels = (*decoder_channels[1:], context_channels)
        fusions = nn.ModuleList()
        for skip, deeper, out in zip(skip_channels, deeper_channels, decoder_channels):
            # init_cfg may sit in fusion_cfg, so build from a merged dict rather than positional arguments
            fusions.append(
                MODELS.build(
                    dict(
                        cfg,
                        align_corners=self.align_corners,
                        **fusion_cfg,
                        in_channels=deeper,
                        skip_channels=skip,
                        out_channels=out,
                    )
                )
            )
        return fusions

    def forward(self, inputs: Sequence[Tensor]) -> Tensor:
        """Features and context -> logits (N, num_classes, H/8, W/8)."""
        return self.classify(self.decode(inputs)[0])

    def decode(self, inputs: Sequence[Tensor]) -> list[Tensor]:
        """Features and context -> fused features, fine to coarse."""
        *skips, x = self._select(inputs)
        fused = []
        for skip, fusion in zip(reversed(skips), reversed(self.fusions)):
            x = fusion(skip, x)
            fused.insert(0, x)
        return fused

    def classify(self, feature: Tensor) -> Tensor:
        """Finest fused feature -> logits of the same size."""
        return self.cls_seg(self.cls_conv(feature))

    def loss(self, inputs: Sequence[Tensor], batch_data_samples: SampleList, train_cfg: dict | None) -> dict:
        """Losses and accuracies of the main head and, prefixed ``aux_{i}.``, of the auxiliary ones.

        Raises:
            DataError: A label is neither a class nor ignore_index; names the image.
            SettingError: A class_weight is still a formula.
        """
        if self._open_formula is not None:
            raise SettingError(
                f'loss_decode.class_weight={self._open_formula!r} has no numbers yet: tools/train.py computes them '
                'from the training data; elsewhere write them out (class_weights.json in the work folder of a training)'
            )
        branch_loss = make_branch_loss(self, batch_data_samples)
        features = self.decode(inputs)
        losses = branch_loss(self.classify(features[0]))
        for i, (head, feature) in enumerate(zip(self.aux_heads, features[1:])):
            branch = scale_losses(branch_loss(head(feature)), self.aux_loss_weights[i])
            losses.update(add_prefix(branch, f'aux_{i}'))
        return losses

    def _select(self, inputs: Sequence[Tensor]) -> list[Tensor]:
        if max(self.in_index) >= len(inputs):
            raise SettingError(f'in_index={tuple(self.in_index)} is out of range: got {len(inputs)} inputs')
        return [inputs[i] for i in self.in_index]


def _loss_weights(values: Sequence[float] | None, heads: int) -> tuple[float, ...]:
    if values is None:
        return (1.0,) * heads
    if not isinstance(values, (list, tuple)) or len(values) != heads:
        raise SettingError(f'aux_loss_weights must hold {heads} numbers, one per aux_channels, got {values!r}')
    for i, value in enumerate(values):
        check_number(value, f'aux_loss_weights[{i}]')
    return tuple(values)


def _check_levels(
    in_channels: Sequence[int], in_index: Sequence[int], decoder_channels: Sequence[int], aux_channels: Sequence[int]
) -> None:
    check_positive_ints(in_channels, 'in_channels')
    check_positive_ints(decoder_channels, 'decoder_channels')
    check_positive_ints(aux_channels, 'aux_channels')
    levels = len(in_channels)
    if levels < 2:
        raise SettingError(f'in_channels must hold at least one skip feature and the context, got {tuple(in_channels)}')
    if not isinstance(in_index, (list, tuple)) or len(in_index) != levels:
        raise SettingError(f'in_index must hold {levels} indices, one per in_channels, got {in_index!r}')
    if any(isinstance(i, bool) or not isinstance(i, int) or i < 0 for i in in_index):
        raise SettingError(f'in_index must hold indices from 0 on, got {in_index!r}')
    if len(decoder_channels) != levels - 1:
        raise SettingError(
            f'decoder_channels must hold {levels - 1} numbers, one less than in_channels, got {tuple(decoder_channels)}'
        )
    if len(aux_channels) > levels - 2:
        raise SettingError(
            f'aux_channels must hold at most {levels - 2} numbers, one per decoder_channels but the first, '
            f'got {tuple(aux_channels)}'
        )
