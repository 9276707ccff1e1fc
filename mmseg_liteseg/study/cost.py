"""Parameters and operations of the study's models, counted alike for all."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS
from torch import nn

from mmseg_liteseg.engine.complexity import measure_complexity

from .config import Job, compose

INPUT = (360, 480)


@dataclass(frozen=True)
class Cost:
    """Attributes:
    params: Trainable parameters.
    inference_params: Those of the layers that a prediction runs.
    flops: Operations of the convolutions for one image of 360x480, two per multiply-add.
    """

    params: int
    inference_params: int
    flops: int


def cost_of(name: str, budget: str = 'gpu') -> Cost:
    """Builds a model and counts.

    Raises:
        StudyError: Unknown model.
    """
    model = build(name, budget)
    complexity = measure_complexity(model, INPUT)
    return Cost(complexity.params, _params_run(model), complexity.flops)


def build(name: str, budget: str = 'gpu') -> nn.Module:
    """Segmentor of the study on the CPU, without trained weights."""
    cfg = compose(Job(name, budget))
    init_default_scope('mmseg')
    return MODELS.build(cfg.model)


@torch.no_grad()
def _params_run(model: nn.Module) -> int:
    """Parameters of the layers that a prediction calls: networks keep those for training in different places."""
    called: set[nn.Module] = set()
    leaves = [module for module in model.modules() if list(module.parameters(recurse=False))]
    hooks = [leaf.register_forward_hook(lambda module, *_: called.add(module)) for leaf in leaves]
    model.eval()(torch.zeros(1, 3, *INPUT), mode='tensor')
    for hook in hooks:
        hook.remove()
    return sum(p.numel() for module in called for p in module.parameters(recurse=False) if p.requires_grad)
