"""The config against itself: numbers that are none."""

from __future__ import annotations

import math
from typing import Any, Iterator

from .finding import Finding
from .setup import SPLITS, Setup, model_of

NOT_A_NUMBER = 'not-a-number'
# What a setting must be: whole numbers from some least one on, or any numbers.
_WHOLE = {
    'batch_size': 1,
    'num_workers': 0,
    'max_iters': 1,
    'max_epochs': 1,
    'val_interval': 1,
    'num_classes': 1,
    'out_channels': 1,
    'in_channels': 1,
    'channels': 1,
    'ignore_index': None,
    'interval': 1,
    'begin': 0,
    'end': 1,
    'accumulative_counts': 1,
}
_NUMBERS = ('lr', 'weight_decay', 'momentum', 'power', 'eta_min', 'start_factor', 'loss_weight', 'min_kept', 'thresh')
_LISTS = ('mean', 'std')


def check_settings(setup: Setup) -> list[Finding]:
    """Texts, and other things, where numbers belong: '2' fails far from the config, in torch or in the host."""
    return [finding for where, value in _settings(setup) for finding in _check(where, value)]


def _settings(setup: Setup) -> Iterator[tuple[str, dict]]:
    """The parts of a config whose numbers are known, with their paths."""
    cfg = setup.cfg
    names = [f'{split}_dataloader' for split in SPLITS] + ['train_cfg', 'optim_wrapper', 'optim_wrapper.optimizer']
    names += ['default_hooks.checkpoint', 'default_hooks.logger']
    for name in names:
        yield name, _get(cfg, name)
    schedule = cfg.get('param_scheduler')
    schedule = schedule if isinstance(schedule, (list, tuple)) else [schedule]
    for index, part in enumerate(schedule):
        yield f'param_scheduler[{index}]', part
    yield 'model.data_preprocessor', setup.preprocessor
    yield 'model.backbone', model_of(cfg).get('backbone')
    for head in setup.heads:
        yield head.where, head.cfg
        yield f'{head.where}.sampler', head.cfg.get('sampler')
        for loss in head.losses:
            yield f'{head.where}.loss_decode', loss


def _get(cfg: Any, name: str) -> Any:
    for key in name.split('.'):
        cfg = cfg.get(key) if isinstance(cfg, dict) or hasattr(cfg, 'get') else None
    return cfg


def _check(where: str, settings: Any) -> Iterator[Finding]:
    if not isinstance(settings, dict):
        return
    for key, value in settings.items():
        if value is None:
            continue
        if key in _LISTS and isinstance(value, (list, tuple)):
            wrong = next((entry for entry in value if not _is_number(entry)), None)
            if wrong is not None:
                yield _fault(f'{where}.{key}', wrong, 'numbers, one per channel')
        elif key in _WHOLE and not isinstance(value, (list, tuple)):
            least = _WHOLE[key]
            # True counts as 1 in Python, and was not meant as a number
            if isinstance(value, bool) or not isinstance(value, int) or (least is not None and value < least):
                yield _fault(f'{where}.{key}', value, 'a whole number' + (f' from {least} on' if least else ''))
        elif key in _NUMBERS and not _is_number(value):
            yield _fault(f'{where}.{key}', value, 'a number')


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _fault(where: str, value: Any, expected: str) -> Finding:
    number = value.strip() if isinstance(value, str) else ''
    try:
        float(number)
        cure = f'write {number} without quotes'
    except ValueError:
        cure = f'write {int(value)}' if isinstance(value, float) and value.is_integer() else 'correct it in the config'
    # of the test data it stops a training, too: a runner cannot be built
    return Finding('error', NOT_A_NUMBER, f'{where} is {value!r}, expected {expected}', (where,), cure=cure)
