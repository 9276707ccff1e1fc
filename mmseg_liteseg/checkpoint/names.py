"""What PaddleSeg, this package and others call the same modules: the key map, one column each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Sequence, Tuple

ConvBNNames = Tuple[str, str]
"""Prefixes of a convolution and of the BN behind it."""


@dataclass(frozen=True)
class Names:
    """Prefixes of the modules of a PP-LiteSeg.

    Levels count the fused features from the finest on. The main head and the auxiliary ones have a template each.
    """

    stem_: str
    block_: str
    block_conv_: str
    downsample_: str
    branch_: str
    context_: str
    skip_: str
    out_: str
    attention_: str
    heads_: tuple[str, str]
    classifiers_: tuple[str, str]
    depthwise: str
    pointwise: str
    conv_bn: ConvBNNames
    conv_bn_in_downsample: ConvBNNames
    conv_bn_in_head: ConvBNNames
    mean: str
    variance: str

    def stem(self, i: int) -> ConvBNNames:
        """Convolution ``i`` of the two at the image."""
        return _pair(self.stem_.format(i=i), self.conv_bn)

    def block_conv(self, stage: int, block: int, i: int, blocks: Sequence[int]) -> ConvBNNames:
        """Convolution ``i`` of an STDC block; ``blocks`` are the numbers of blocks in the stages before, at least."""
        return _pair(self._block(stage, block, blocks) + self.block_conv_.format(i=i), self.conv_bn)

    def downsample(self, stage: int, block: int, blocks: Sequence[int]) -> ConvBNNames:
        """Strided depthwise convolution of an STDC block."""
        return _pair(self._block(stage, block, blocks) + self.downsample_, self.conv_bn_in_downsample)

    def branch(self, i: int) -> ConvBNNames:
        """1x1 convolution of SPPM behind pooling ``i``."""
        return _pair(self.branch_.format(i=i), self.conv_bn_in_head)

    def context(self) -> ConvBNNames:
        """Last convolution of SPPM."""
        return _pair(self.context_, self.conv_bn_in_head)

    def skip(self, level: int, step: str = '') -> ConvBNNames:
        """First convolution of a UAFM; of a separable one, its ``step``, depthwise or pointwise."""
        return _pair(self.skip_.format(level=level) + step, self.conv_bn_in_head)

    def out(self, level: int, step: str = '') -> ConvBNNames:
        """Last convolution of a UAFM; of a separable one, its ``step``, depthwise or pointwise."""
        return _pair(self.out_.format(level=level) + step, self.conv_bn_in_head)

    def attention(self, level: int, i: int) -> ConvBNNames:
        """Convolution ``i`` of a UAFM's attention branch."""
        return _pair(self.attention_.format(level=level, i=i), self.conv_bn_in_head)

    def head(self, level: int) -> ConvBNNames:
        """Hidden convolution of the head on a level."""
        return _pair(self.heads_[level > 0].format(level=level, aux=level - 1), self.conv_bn_in_head)

    def classifier(self, level: int) -> str:
        """Classifier of the head on a level, a convolution without BN."""
        return self.classifiers_[level > 0].format(level=level, aux=level - 1)

    def _block(self, stage: int, block: int, blocks: Sequence[int]) -> str:
        return self.block_.format(stage=stage, block=block, flat=2 + sum(blocks[:stage]) + block, after_stem=2 + stage)


def _pair(prefix: str, leaves: ConvBNNames) -> ConvBNNames:
    return f'{prefix}.{leaves[0]}', f'{prefix}.{leaves[1]}'


PADDLE = Names(
    stem_='backbone.features.{i}',
    block_='backbone.features.{flat}',
    block_conv_='.conv_list.{i}',
    downsample_='.avd_layer',
    branch_='ppseg_head.cm.stages.{i}.1',
    context_='ppseg_head.cm.conv_out',
    skip_='ppseg_head.arm_list.{level}.conv_x',
    out_='ppseg_head.arm_list.{level}.conv_out',
    attention_='ppseg_head.arm_list.{level}.conv_xy_atten.{i}',
    heads_=('seg_heads.{level}.conv', 'seg_heads.{level}.conv'),
    classifiers_=('seg_heads.{level}.conv_out', 'seg_heads.{level}.conv_out'),
    depthwise='.depthwise_conv',
    pointwise='.piontwise_conv',  # sic
    conv_bn=('conv', 'bn'),
    conv_bn_in_downsample=('0', '1'),
    conv_bn_in_head=('_conv', '_batch_norm'),
    mean='_mean',
    variance='_variance',
)

OURS = Names(
    stem_='backbone.stem.{i}',
    block_='backbone.stages.{stage}.{block}',
    block_conv_='.convs.{i}',
    downsample_='.downsample',
    branch_='neck.branches.{i}',
    context_='neck.conv_out',
    skip_='decode_head.fusions.{level}.conv_skip',
    out_='decode_head.fusions.{level}.conv_out',
    attention_='decode_head.fusions.{level}.attention.{i}',
    heads_=('decode_head.cls_conv', 'decode_head.aux_heads.{aux}.conv'),
    classifiers_=('decode_head.conv_seg', 'decode_head.aux_heads.{aux}.conv_seg'),
    depthwise='.depthwise_conv',
    pointwise='.pointwise_conv',
    conv_bn=('conv', 'bn'),
    conv_bn_in_downsample=('conv', 'bn'),
    conv_bn_in_head=('conv', 'bn'),
    mean='running_mean',
    variance='running_var',
)

# The encoder as STDC's authors wrote it, nets/stdcnet.py of https://github.com/MichaelFan01/STDC-Seg. PaddleSeg kept
# its names.
STDC_AUTHORS = replace(PADDLE, mean='running_mean', variance='running_var')

# The encoder of mmseg, mmseg/models/backbones/stdc.py: its two stem convolutions are stages of their own.
MMSEG = replace(
    OURS, stem_='backbone.stages.{i}', block_='backbone.stages.{after_stem}.{block}', block_conv_='.layers.{i}'
)
