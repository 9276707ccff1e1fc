"""The config against the registries: types and arguments that nothing knows, with what may have been meant."""

from __future__ import annotations

import difflib
import inspect
from typing import Any, Iterator

from mmengine.registry import Registry

from mmseg_liteseg import registry

from .finding import Finding
from .setup import SPLITS, Setup, bare, model_of, walk_steps

_OF_THE_CONFIG = ('type', '_scope_', '_delete_')
_MODEL_PARTS = ('data_preprocessor', 'backbone', 'neck')


def check_types(setup: Setup) -> list[Finding]:
    """Misspelt types fail when a runner is built, or at the first validation, without the place in the config."""
    found: dict[Finding, None] = {}
    for where, settings, kinds, split in _typed(setup):
        found.update(dict.fromkeys(_check(where, settings, kinds, split)))
    return list(found)


def _typed(setup: Setup) -> Iterator[tuple[str, Any, Registry, str]]:
    """Every part of the config that a registry builds: place, settings, registry, split."""
    cfg = setup.cfg
    for part in setup.parts:
        for step in walk_steps(part.pipeline):
            yield f'{part.where}.pipeline', step, registry.TRANSFORMS, part.split
    for split in SPLITS:
        loader = cfg.get(f'{split}_dataloader') or {}
        yield f'{split}_dataloader.sampler', loader.get('sampler'), registry.DATA_SAMPLERS, split
        for metric in _each(cfg.get(f'{split}_evaluator')):
            if bare(metric.get('type')) != 'Evaluator':
                yield f'{split}_evaluator', metric, registry.METRICS, split
    yield 'optim_wrapper.optimizer', (cfg.get('optim_wrapper') or {}).get('optimizer'), registry.OPTIMIZERS, 'train'
    for schedule in _each(cfg.get('param_scheduler')):
        yield 'param_scheduler', schedule, registry.PARAM_SCHEDULERS, 'train'
    for hook in [*(cfg.get('default_hooks') or {}).values(), *_each(cfg.get('custom_hooks'))]:
        yield 'hooks', hook, registry.HOOKS, ''
    model = model_of(cfg)
    for name in _MODEL_PARTS:
        yield f'model.{name}', model.get(name), registry.MODELS, ''
    for head in setup.heads:
        yield head.where, head.cfg, registry.MODELS, ''
        for loss in head.losses:
            yield f'{head.where}.loss_decode', loss, registry.MODELS, ''


def _each(value: Any) -> list[dict]:
    values = value if isinstance(value, (list, tuple)) else [value]
    return [entry for entry in values if isinstance(entry, dict)]


def _check(where: str, settings: Any, kinds: Registry, split: str) -> Iterator[Finding]:
    kind = settings.get('type') if isinstance(settings, dict) else None
    if kind is None:
        return
    # new-style configs hold the class itself
    built = kind if not isinstance(kind, str) else _find(kind, kinds)
    if built is None:
        meant = difflib.get_close_matches(bare(kind), _names(kinds), 1)
        cure = f'{meant[0]!r} is there' if meant else 'correct it, or let custom_imports name its module'
        yield Finding('error', 'unknown-type', f'{where}: nothing is called {kind!r}', (where,), '', cure, split=split)
        return
    known = _arguments(built)
    for key in settings if known else ():
        if key not in known and key not in _OF_THE_CONFIG:
            meant = difflib.get_close_matches(key, known, 1)
            cure = f'{meant[0]!r} is there' if meant else _home_of(key) or f'it takes {", ".join(sorted(known)[:8])}'
            what = f'{where}: {bare(kind)} has no argument {key!r}'
            yield Finding('error', 'unknown-argument', what, (where,), '', cure, split=split)


def _find(kind: str, kinds: Registry) -> Any:
    """What a runner would build: a bare DiceLoss is the host's, in whose scope configs are read, and not ours."""
    with kinds.switch_scope_and_registry(None) as inside:
        return inside.get(kind)


def _names(kinds: Registry | None) -> list[str]:
    names: list[str] = []
    while kinds is not None:
        names += kinds.module_dict
        kinds = kinds.parent
    return names


def _arguments(built: Any) -> set[str]:
    """Names of a type's arguments; empty where it takes any."""
    try:
        parameters = inspect.signature(built).parameters
    except (TypeError, ValueError):
        return set()
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
        return set()
    return set(parameters)


def _home_of(key: str) -> str:
    """Where settings belong that are often written into a loss."""
    homes = dict(ignore_index='model.decode_head', num_classes='model.decode_head', sampler='model.decode_head')
    return f'it belongs to {homes[key]}' if key in homes else ''
