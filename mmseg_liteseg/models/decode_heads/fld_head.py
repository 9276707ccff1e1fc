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

from ..layers.conv import conv3x3
from ..layers.level_fusion import LevelFusion
from ..layers.uafm import KAIMING_FAN_IN
from .branch_loss import make_branch_loss, scale_losses
from .levels import check_levels, check_loss_weights
from .loss_config import check_class_weights, check_sigmoid, check_threshold, without_formulas


class SegBranch(nn.Sequential):
    """3x3 conv, then a 1x1 classifier without bias: (N, in_channels, h, w) -> (N, num_classes, h, w)."""

    def __init__(self, in_channels: int, channels: int, num_classes: int, **conv_cfg: Any) -> None:
        super().__init__()
        self.add_module('conv', conv3x3(in_channels, channels, **conv_cfg))
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

    The number of fusions follows the number of inputs, whatever the encoder: any that gives its features fine to
    coarse, with a context behind them. Three, as drawn, is the released code, which all released weights fit;
    ``in_channels=(256, 512, 128), in_index=(0, 1, 3), decoder_channels=(32, 64), aux_channels=()`` is the paper's text.

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
        separable: Makes the 3x3 convolutions of all heads depthwise-separable, as in PaddleSeg's MobileSeg.
        fuse_levels: Lets the main head see all fused levels once more, see `LevelFusion`; likewise.
        num_classes: Number of classes.
        multi_label: Whether a pixel may belong to several classes, or to none: each channel is a yes or no of its own,
            and labels are masks (N, K, H, W), see `MultiLabelDataset`. Losses then need ``use_sigmoid=True``.
        threshold: With ``multi_label``, or one logit for two classes (``num_classes=2, out_channels=1``): the
            probability above which a pixel belongs to the class.
        dropout_ratio: Before the main classifier; the original has none.
        norm_cfg: Normalisation of every convolution.
        init_cfg: Initialisation; Kaiming normal (fan in) by default, as in the original.
        loss_decode: One loss or several, for every head. A sampler's weights reach the cross entropy only; the others
            see all pixels. ``class_weight`` may be a formula (`datasets.class_weights`), which tools/train.py replaces
            by numbers.
        **kwargs: Of mmseg's BaseDecodeHead (out_channels, act_cfg, sampler, ignore_index, align_corners, ...).

    Raises:
        SettingError: Lengths of in_channels, in_index, decoder_channels, aux_channels or aux_loss_weights do not fit
            each other, an index of in_index is negative or (in forward) outside the inputs, a class_weight does not
            hold one number per class, or the sampler does not go with the losses.
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
        separable: bool = False,
        fuse_levels: bool = False,
        *,
        num_classes: int,
        multi_label: bool = False,
        threshold: float | None = None,
        dropout_ratio: float = 0.0,
        norm_cfg: dict = dict(type='BN'),
        init_cfg: dict | list | None = None,
        loss_decode: dict | Sequence[dict] = dict(type='CrossEntropyLoss', use_sigmoid=False, loss_weight=1.0),
        **kwargs: Any,
    ) -> None:
        check_levels(in_channels, in_index, decoder_channels, aux_channels)
        self.aux_loss_weights = check_loss_weights(aux_loss_weights, len(aux_channels))
        loss_decode, self._open_formula = without_formulas(loss_decode)
        self.multi_label = multi_label
        threshold = check_threshold(0.5 if threshold is None and multi_label else threshold)
        super().__init__(
            list(in_channels),
            channels,
            num_classes=num_classes,
            threshold=threshold,
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
        self.level_fusion = LevelFusion(decoder_channels, **branch_cfg) if fuse_levels else None
        self.cls_conv = conv3x3(decoder_channels[0], channels, separable=separable, **branch_cfg)
        # in the place of the host's, which has a bias that the released weights do not hold
        self.conv_seg = nn.Conv2d(channels, self.out_channels, 1, bias=False)
        self.aux_heads = nn.ModuleList(
            [
                SegBranch(width, aux_width, self.out_channels, separable=separable, **branch_cfg)
                for width, aux_width in zip(decoder_channels[1:], aux_channels)
            ]
        )

    def set_losses(self, loss_decode: dict | Sequence[dict]) -> None:
        """Takes other losses, such as the same with numbers in the place of a formula.

        Args:
            loss_decode: As when built.

        Raises:
            SettingError: A loss has not one weight per class.
        """
        loss_decode, self._open_formula = without_formulas(loss_decode)
        several = isinstance(loss_decode, (list, tuple))
        losses = nn.ModuleList(map(MODELS.build, loss_decode)) if several else MODELS.build(loss_decode)
        self.loss_decode = losses.to(self.conv_seg.weight.device)
        check_class_weights(self)

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
        if self.level_fusion is not None:
            fused[0] = self.level_fusion(fused)
        return fused

    def classify(self, feature: Tensor) -> Tensor:
        """Finest fused feature -> logits of the same size."""
        return self.cls_seg(self.cls_conv(feature))

    def loss(self, inputs: Sequence[Tensor], batch_data_samples: SampleList, train_cfg: dict | None) -> dict:
        """Losses and accuracies of the main head and, prefixed ``aux_{i}.``, of the auxiliary ones.

        Raises:
            DataError: A label is neither a class nor ignore_index; names the image.
            SettingError: A class_weight is still a formula, or a loss is not made for sigmoid outputs.
        """
        if self._open_formula is not None:
            raise SettingError(
                f'loss_decode.class_weight={self._open_formula!r} has no numbers yet: tools/train.py and SafeRunner '
                'compute them from the training data; elsewhere write them out (class_weights.json in the work folder)'
            )
        self.check_losses()
        # one for all branches: labels are checked and prepared once
        branch_loss = make_branch_loss(self, batch_data_samples)
        features = self.decode(inputs)
        losses = branch_loss(self.classify(features[0]))
        for i, (head, feature) in enumerate(zip(self.aux_heads, features[1:])):
            # no "loss" in the prefix: mmengine sums every key that holds the word, accuracies too
            branch = scale_losses(branch_loss(head(feature)), self.aux_loss_weights[i])
            losses.update(add_prefix(branch, f'aux_{i}'))
        return losses

    def check_losses(self) -> None:
        """Whether the losses go with the outputs. Not when built: a model that predicts may hold the default loss.

        Raises:
            SettingError: A loss is not made for outputs that are a yes or no each.
        """
        check_sigmoid(self)

    def _select(self, inputs: Sequence[Tensor]) -> list[Tensor]:
        if max(self.in_index) >= len(inputs):
            raise SettingError(f'in_index={tuple(self.in_index)} is out of range: got {len(inputs)} inputs')
        return [inputs[i] for i in self.in_index]
