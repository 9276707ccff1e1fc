"""What a model costs: parameters and operations."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from mmengine.analysis import FlopAnalyzer
from mmengine.model.utils import revert_sync_batchnorm
from mmengine.registry import init_default_scope
from torch import Tensor, nn

from mmseg_liteseg.config_file import read_config

# Heads that only training runs: ours live in the decode head, mmseg's beside it.
_TRAINING_ONLY = ('decode_head.aux_heads.', 'auxiliary_head.')


@dataclass(frozen=True)
class Complexity:
    """Cost of a model.

    Attributes:
        params: Trainable parameters.
        inference_params: Those that a prediction uses.
        flops: Operations of the convolutions for one image, two per multiply-add, auxiliary heads left out.
    """

    params: int
    inference_params: int
    flops: int


class _Logits(nn.Module):
    """Image (1, C, H, W) -> logits of the decode head, before they are upsampled."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, image: Tensor) -> Tensor:
        return self.model.decode_head(self.model.extract_feat(image))


def build_segmentor(config: str) -> nn.Module:
    """Segmentor of a config, without weights, on the CPU."""
    from mmseg.registry import MODELS

    cfg = read_config(config)
    init_default_scope(cfg.get('default_scope', 'mmseg'))
    # SyncBN needs a GPU, and has the parameters of BN
    return revert_sync_batchnorm(MODELS.build(cfg.model))


def measure_complexity(model: nn.Module, size: tuple[int, int], channels: int = 3) -> Complexity:
    """Counts parameters, and operations for one image of ``size``.

    Args:
        model: Segmentor on the CPU.
        size: Height and width of the network's input.
        channels: Channels of the image.
    """
    analyzer = FlopAnalyzer(_Logits(model).eval(), torch.zeros(1, channels, *size))
    analyzer.unsupported_ops_warnings(False).uncalled_modules_warnings(False)
    sizes = {name: p.numel() for name, p in model.named_parameters() if p.requires_grad}
    return Complexity(
        params=sum(sizes.values()),
        inference_params=sum(n for name, n in sizes.items() if not name.startswith(_TRAINING_ONLY)),
        flops=2 * int(analyzer.by_operator()['conv']),  # fvcore counts multiply-adds
    )
