"""Segmentors from configs, with weights that behave in a measurement as trained ones do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import load_checkpoint
from mmseg.registry import MODELS
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from mmseg_liteseg.config_file import read_config
from mmseg_liteseg.engine.cpu import sync_bn_to_bn
from mmseg_liteseg.engine.loading import reading

from .case import Model
from .errors import BenchmarkError
from .scenes import batch_of

# ours for mmseg's
FAST = {name: f'mmseg_liteseg.Fast{name}' for name in ('EncoderDecoder', 'CascadeEncoderDecoder')}


def load_config(model: Model) -> Config:
    """The config with BN for SyncBN, without pretrained weights, with the parts that ``+stock`` and ``+fast`` mean."""
    cfg = read_config(model.config, kind=BenchmarkError)
    if 'model' not in cfg:
        raise BenchmarkError(f'{model.config}: this config has no model')
    init_default_scope(cfg.get('default_scope', 'mmseg'))
    sync_bn_to_bn(cfg.model)
    drop_pretrained(cfg.model)
    if model.stock:
        use_stock_parts(cfg)
    if model.fast:
        use_fast_parts(cfg)
    return cfg


def drop_pretrained(node: Any) -> None:
    """Removes ``init_cfg`` and ``pretrained`` everywhere in a tree of dicts and lists, in place."""
    if isinstance(node, dict):
        node.pop('init_cfg', None)
        node.pop('pretrained', None)
    if isinstance(node, (dict, list, tuple)):
        for value in node.values() if isinstance(node, dict) else node:
            drop_pretrained(value)


def use_stock_parts(cfg: Config) -> None:
    """Puts mmseg's segmentor, and its OHEMPixelSampler for one of ours, where ours are.

    Raises:
        BenchmarkError: The config's segmentor is none of ours.
    """
    hosts = {ours: name for name, ours in FAST.items()}
    if cfg.model.type not in hosts:
        raise BenchmarkError(f'+stock: expected a config with {" or ".join(hosts)}, found {cfg.model.type}')
    cfg.model.type = hosts[cfg.model.type]
    for argument in ('distillation', 'fused_loss'):  # which mmseg's does not have
        cfg.model.pop(argument, None)
    heads = [cfg.model.get(name) or [] for name in ('decode_head', 'auxiliary_head')]
    for head in (head for group in heads for head in (group if isinstance(group, (list, tuple)) else [group])):
        sampler = head.get('sampler') or {}
        if sampler.get('type') == 'mmseg_liteseg.OHEMPixelSampler':
            head.sampler = _stock_sampler(sampler)


def _stock_sampler(ours: dict) -> dict:
    min_kept = ours.get('min_kept', 10000)
    # mmseg multiplies by the batch size: the number for one image of the usual crop, a sixteenth
    min_kept = int(min_kept) if min_kept >= 1 else 10000
    return dict(type='OHEMPixelSampler', thresh=ours.get('thresh', 0.7), min_kept=min_kept)


def use_fast_parts(cfg: Config) -> None:
    """Puts ours where mmseg's EncoderDecoder or CascadeEncoderDecoder is, as ``--cfg-options model.type=...`` does.

    Raises:
        BenchmarkError: The config has another segmentor.
    """
    if cfg.model.type not in FAST:
        raise BenchmarkError(f"+fast: expected a config with mmseg's {' or '.join(FAST)}, found {cfg.model.type}")
    cfg.model.type = FAST[cfg.model.type]


def build(cfg: Config, size: tuple[int, int], checkpoint: str | None = None) -> nn.Module:
    """The segmentor in eval mode, with the weights of ``checkpoint`` or random ones settled for an input size."""
    torch.manual_seed(0)
    model = MODELS.build(cfg.model).eval()
    if checkpoint:
        with reading(checkpoint, BenchmarkError):
            load_checkpoint(model, checkpoint, map_location='cpu')
    else:
        settle(model, size)
    model.cfg = cfg
    return model


@torch.no_grad()
def settle(model: nn.Module, size: tuple[int, int]) -> None:
    """Gives random weights the scale at which a trained network computes.

    Weights are Kaiming's and the running statistics come from two pictures of the given size. With statistics of 0 and
    1 activations fade or grow from layer to layer, out of half precision's range in a deep network, and the CPU is
    slow with denormal numbers.
    """
    for module in model.modules():
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
            nn.init.kaiming_normal_(module.weight, nonlinearity='relu')
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    norms = [module for module in model.modules() if isinstance(module, _BatchNorm)]
    hooks = [norm.register_forward_pre_hook(take_statistics) for norm in norms]
    try:
        model(batch_of(2, size), mode='tensor')
    finally:  # not every network takes every size
        for hook in hooks:
            hook.remove()


def take_statistics(norm: _BatchNorm, inputs: tuple[Tensor]) -> None:
    """Sets the running statistics to those of the input (N, C, ...); a hook before the layer runs.

    Variances are kept from getting small against the values: what rounding leaves would be blown up layer by layer.
    """
    # a hook before the layer, so that every layer sees what settled ones before it give
    values = inputs[0].transpose(0, 1).flatten(1)
    norm.running_mean.copy_(values.mean(1))
    norm.running_var.copy_(values.var(1, unbiased=False).clamp(min=0.1 * values.square().mean().item()))


@torch.no_grad()
def border_share(model: nn.Module, images: Tensor) -> float:
    """Share of the logits' cells (2 x 2 neighbours) that hold more than one class: what our post-processing's time
    depends on. Networks trained on street scenes have about 0.2.
    """
    labels = main_logits(model(images, mode='tensor')).argmax(1, keepdim=True).float()
    return (F.max_pool2d(labels, 2, 1) + F.max_pool2d(-labels, 2, 1)).ne(0).float().mean().item()


def main_logits(output: Any) -> Tensor:
    """The logits of a network, where a head returns more."""
    return output[0] if isinstance(output, (list, tuple)) else output


def checkpoint_for(model: Model, checkpoints: dict[str, str]) -> str | None:
    """The checkpoint that the user named for a label.

    Raises:
        BenchmarkError: The file does not exist.
    """
    path = checkpoints.get(model.label)
    if path and not Path(path).is_file():
        raise BenchmarkError(f'checkpoint of {model.label}: no file {path}')
    return path
