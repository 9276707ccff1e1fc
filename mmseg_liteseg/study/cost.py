"""Parameters and operations of the study's models, counted alike for all."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS
from torch import nn

from mmseg_liteseg.engine.complexity import measure_complexity

from .budget import get_budget
from .config import Job, compose


@dataclass(frozen=True)
class Cost:
    """Attributes:
    params: Trainable parameters.
    inference_params: Those of the layers that a prediction runs.
    flops: Operations of the convolutions for one image at the budget's test size, two per multiply-add.
    """

    params: int
    inference_params: int
    flops: int


def cost_of(name: str, budget: str = 'gpu') -> Cost:
    """Builds a model and counts.

    Raises:
        StudyError: Unknown model.
    """
    model, size = build(name, budget), get_budget(budget).test_size
    complexity = measure_complexity(model, size)
    return Cost(complexity.params, _params_run(model, size), complexity.flops)


def build(name: str, budget: str = 'gpu') -> nn.Module:
    """Segmentor of the study on the CPU, without trained weights."""
    cfg = compose(Job(name, budget))
    init_default_scope('mmseg')
    return MODELS.build(cfg.model)


@torch.no_grad()
def _params_run(model: nn.Module, size: tuple[int, int]) -> int:
    """Parameters of the layers that a prediction calls: networks keep those for training in different places."""
    called: set[nn.Module] = set()
    leaves = [module for module in model.modules() if list(module.parameters(recurse=False))]
    hooks = [leaf.register_forward_hook(lambda module, *_: called.add(module)) for leaf in leaves]
    model.eval()(torch.zeros(1, 3, *size), mode='tensor')
    for hook in hooks:
        hook.remove()
    return sum(p.numel() for module in called for p in module.parameters(recurse=False) if p.requires_grad)
