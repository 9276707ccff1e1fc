"""Batch normalisation folded into the convolutions before it."""

from __future__ import annotations

from mmcv.cnn import ConvModule
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.utils.fusion import fuse_conv_bn_eval


def fold_batch_norm(model: nn.Module) -> int:
    """Folds, in place, every BN that directly follows a convolution in a ConvModule or an nn.Sequential.

    Args:
        model: In eval mode. What is not such a pair stays as it is.

    Returns:
        How many were folded.
    """
    folded = 0
    for module in model.modules():
        if isinstance(module, ConvModule):
            folded += _fold_conv_module(module)
        elif isinstance(module, nn.Sequential):
            folded += _fold_sequential(module)
    return folded


def _fold_conv_module(module: ConvModule) -> int:
    conv_then_norm = module.with_norm and module.order.index('norm') == module.order.index('conv') + 1
    if not conv_then_norm or not _fits(module.conv, module.norm):
        return 0
    module.conv = fuse_conv_bn_eval(module.conv, module.norm)
    delattr(module, module.norm_name)
    module.with_norm = False
    return 1


def _fold_sequential(module: nn.Sequential) -> int:
    folded = 0
    for i in range(len(module) - 1):
        if _fits(module[i], module[i + 1]):
            module[i], module[i + 1] = fuse_conv_bn_eval(module[i], module[i + 1]), nn.Identity()
            folded += 1
    return folded


def _fits(conv: nn.Module, norm: nn.Module) -> bool:
    # exactly this class: subclasses may compute something else around it
    return type(conv) is nn.Conv2d and isinstance(norm, _BatchNorm) and norm.running_mean is not None
