"""Whether a training can go on from a checkpoint, and what its config has changed since."""

from __future__ import annotations

import re
from typing import Any, Iterator, Mapping

import torch
from mmengine.optim import OptimWrapper, OptimWrapperDict
from mmengine.runner import Runner

from mmseg_liteseg.checkpoint.config_text import read_config_text
from mmseg_liteseg.checkpoint.errors import CheckpointFileError

from .finite import broken_among, model_of

# Of a config, what makes the training what it is; the rest only says where and how it runs.
_MATTERS = ('model', 'train_dataloader', 'optim_wrapper', 'param_scheduler', 'train_cfg', 'randomness', 'auto_scale_lr')
_RUNS = re.compile(r'\.(num_workers|persistent_workers|pin_memory|prefetch_factor|worker_init_fn|dynamic_intervals)\b')
# Settings of optimisers that came with versions of torch and change no result.
_OF_TORCH = {'foreach', 'maximize', 'capturable', 'differentiable', 'fused', 'decoupled_weight_decay'}
_SHOWN = 8  # changed settings in a message
_CURE = 'To start a new training from its weights alone, set load_from and leave out --resume'


class ResumeError(CheckpointFileError):
    """A checkpoint that this training cannot go on from."""


def check_resumable(runner: Runner, checkpoint: dict[str, Any]) -> None:
    """Looks at a checkpoint before it is taken over: mmengine only logs what does not fit, and goes on.

    Args:
        runner: With model and optimiser.
        checkpoint: Whole, as loaded.

    Raises:
        ResumeError: Weights or optimiser belong to another config, or hold nan or infinity; names the file.
    """
    path, ours = runner._load_from, model_of(runner.model).state_dict()
    theirs = {re.sub(r'^module\.', '', key): value for key, value in checkpoint.get('state_dict', checkpoint).items()}
    if 'meta' not in checkpoint or 'iter' not in checkpoint['meta']:
        raise ResumeError(f'{path}: holds weights alone, no state of a training. {_CURE}')
    for key in dict.fromkeys([*ours, *theirs]):
        shapes = [tuple(side[key].shape) if key in side else None for side in (theirs, ours)]
        if shapes[0] != shapes[1]:
            has, needs = ('nothing' if shape is None else f'shape {shape}' for shape in shapes)
            raise ResumeError(f'{path}: belongs to another model: {key} has {has}, this config needs {needs}. {_CURE}')
    # a model may hold infinities by design, such as masks
    broken = sorted(broken_among(theirs) - broken_among(ours))
    if not broken and isinstance(runner.optim_wrapper, OptimWrapper) and 'optimizer' in checkpoint:
        _check_optimizer(path, checkpoint['optimizer'], runner.optim_wrapper.optimizer)
        broken = sorted(broken_in_optimizer(checkpoint['optimizer']))
    if broken:
        raise ResumeError(
            f'{path}: {len(broken)} tensors are not finite, such as {broken[0]}: the training had diverged. Resume '
            'from an earlier checkpoint: --resume --cfg-options load_from=FILE'
        )


def _check_optimizer(path: str | None, saved: Mapping[str, Any], optimizer: torch.optim.Optimizer) -> None:
    """Compares settings and sizes of the groups of parameters."""
    theirs, ours = saved.get('param_groups', []), optimizer.param_groups
    sizes = [[len(group['params']) for group in groups] for groups in (theirs, ours)]
    if sizes[0] != sizes[1]:
        raise ResumeError(
            f'{path}: its optimiser has {len(theirs)} groups of {sum(sizes[0])} parameters, this config makes '
            f'{len(ours)} of {sum(sizes[1])}. {_CURE}'
        )
    for group, mine in zip(theirs, ours):
        foreign, missing = ({*a} - {*b} - _OF_TORCH for a, b in ((group, mine), (mine, group)))
        # one side alone is a newer torch's setting; another optimiser lacks and brings some
        if foreign and missing:
            raise ResumeError(
                f'{path}: its optimiser is another one than {type(optimizer).__name__}: it has {min(foreign)} and no '
                f'{min(missing)}. {_CURE}'
            )


def broken_in_optimizer(state: Mapping[str, Any]) -> set[str]:
    """Names of an optimiser's tensors that hold nan or infinity.

    Args:
        state: Its state_dict.

    Example:
        >>> broken_in_optimizer({'state': {0: {'exp_avg': torch.tensor([float('inf')])}}})
        {'optimizer.0.exp_avg'}
    """
    return broken_among(
        {
            f'optimizer.{number}.{name}': value
            for number, values in state.get('state', {}).items()
            for name, value in values.items()
        }
    )


def broken_in_optimizers(optim_wrapper: Any) -> set[str]:
    """The same for one wrapper around an optimiser, or several."""
    wrappers = optim_wrapper.values() if isinstance(optim_wrapper, OptimWrapperDict) else [optim_wrapper]
    return {name for wrapper in wrappers for name in broken_in_optimizer(wrapper.optimizer.state_dict())}


def describe_changes(checkpoint: dict[str, Any], cfg: Mapping[str, Any]) -> Iterator[str]:
    """A line for the log if the config has changed since a checkpoint, and what that means."""
    found = changes(checkpoint, cfg)
    if not found:
        return
    more = f'; and {len(found) - _SHOWN} more' if len(found) > _SHOWN else ''
    state = ''
    if any(line.startswith(('optim_wrapper', 'param_scheduler', 'train_cfg')) for line in found):
        state = '. Learning rates and schedules, their ends included, stay those of the checkpoint'
    yield f'Changed since this checkpoint: {"; ".join(found[:_SHOWN])}{more}{state}'


def changes(checkpoint: dict[str, Any], cfg: Mapping[str, Any]) -> list[str]:
    """What was set anew since a checkpoint, as ``name: before -> now``.

    Args:
        checkpoint: Its meta holds the config as text.
        cfg: Now.
    """
    text = checkpoint['meta'].get('cfg')
    before = read_config_text(text) if isinstance(text, str) else {}
    sides = [dict(_leaves({name: side.get(name) for name in _MATTERS})) for side in (before, cfg)]
    names = dict.fromkeys([*sides[0], *sides[1]]) if before else ()
    pairs = {name: [side.get(name, 'none') for side in sides] for name in names if not _RUNS.search(name)}
    return [f'{name}: {old} -> {new}' for name, (old, new) in pairs.items() if old != new]


def _leaves(node: Any, name: str = '') -> Iterator[tuple[str, str]]:
    """Single settings by their names with dots; types are compared by name, as configs may hold classes."""
    if isinstance(node, (dict, list, tuple)):
        items = node.items() if isinstance(node, dict) else enumerate(node)
        for key, value in items:
            yield from _leaves(value, f'{name}.{key}' if name else str(key))
    elif node is not None:
        yield name, getattr(node, '__name__', str(node))
