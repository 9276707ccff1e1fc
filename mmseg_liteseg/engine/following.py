"""Crop, data root, iterations and validation in one place each: what a config's bases made of them follows.

A base is run before the config that inherits from it, so ``crop_size = (256, 256)`` there changes a variable and not
the pipeline. Our bases therefore note what their pipelines and schedules were written for (``pipeline_for``,
``schedule_for``); what still stands as written is brought in line where a runner is made, by our tools and, as
``runner_type`` names ``SafeRunner``, by the host's. What the user wrote anew is left as it is.
"""

from __future__ import annotations

import copy
from typing import Any, Callable

from mmengine.config import ConfigDict

from mmseg_liteseg.errors import SettingError
from mmseg_liteseg.two_places import settle
from mmseg_liteseg.wording import count


def follow(cfg: Any) -> list[str]:
    """Brings a config in line with its own settings, in place; once more changes nothing.

    ::

        crop_size                -> crop_size of the training's transforms, size of the data pre-processor
        data_root                -> data_root of every loader's data set
        max_iters, train_cfg     -> ends of the schedule; warm-up in proportion
        val_interval, train_cfg  -> interval of checkpoints
        val_dataloader           -> test_dataloader, where it is missing or was left at the base's data

    Args:
        cfg: mmengine's Config, or a dictionary of its fields.

    Returns:
        What was changed, in words for the log.

    Raises:
        SettingError: A setting is none, or stands in two places with two values.
    """
    return [*follow_numbers(cfg), *_follow_root(cfg), *_complete_loops(cfg)]


def follow_numbers(cfg: Any) -> list[str]:
    """The part of ``follow`` that is about crop and iterations.

    Done before a command line's settings are put into a config, it tells these from the file's own: max_iters in the
    file and ``train_cfg.max_iters`` on the command line are no contradiction.

    Args:
        cfg: As for ``follow``.

    Raises:
        SettingError: As ``follow`` does.
    """
    return [*_follow_crop(cfg), *_follow_iterations(cfg)]


def _follow_crop(cfg: Any) -> list[str]:
    written = cfg.get('pipeline_for') or {}
    old, new = written.get('crop_size'), cfg.get('crop_size')
    if old is None or new is None or tuple(old) == _checked_size(new):
        return []
    new = _checked_size(new)
    places = [(cfg.get('train_dataloader'), 'crop_size'), (cfg.get('train_pipeline'), 'crop_size')]
    places += [((cfg.get('model') or {}).get('data_preprocessor'), 'size'), (cfg.get('data_preprocessor'), 'size')]
    changed = sum(_replace(node, key, lambda value: _size(value) == tuple(old), new) for node, key in places)
    # noted as the new writing, so that a second call finds nothing to do
    written['crop_size'] = new
    return [f'crop_size {new}: in place of {tuple(old)} in the pipeline.'] if changed else []


def _checked_size(size: Any) -> tuple[int, int]:
    sides = tuple(size) if isinstance(size, (list, tuple)) else (size, size)
    if len(sides) != 2 or any(isinstance(side, bool) or not isinstance(side, int) or side < 1 for side in sides):
        raise SettingError(f'crop_size: expected (height, width), two positive integers, got {size!r}')
    return sides


def _size(value: Any) -> Any:
    return tuple(value) if isinstance(value, (list, tuple)) else None


def _follow_root(cfg: Any) -> list[str]:
    written = cfg.get('pipeline_for') or {}
    old, new = written.get('data_root'), cfg.get('data_root')
    loaders = [cfg[f'{split}_dataloader'] for split in ('train', 'val', 'test') if cfg.get(f'{split}_dataloader')]
    # one that was written anew may lie beside the variable on purpose
    if old is None or new is None or old == new or any(_root(loader) != old for loader in loaders):
        return []
    changed = sum(_replace(loader, 'data_root', lambda value: value == old, new) for loader in loaders)
    written['data_root'] = new
    return [f'data_root {new}: in place of {old} in {count(changed, "data set")}.'] if changed else []


def _replace(node: Any, key: str, is_old: Callable[[Any], bool], new: Any) -> int:
    """Sets a key to ``new`` wherever in a tree of dicts and lists it is the old value; returns how often."""
    if isinstance(node, dict):
        here = key in node and is_old(node[key])
        if here:
            node[key] = new
        return here + sum(_replace(value, key, is_old, new) for value in node.values())
    return sum(_replace(value, key, is_old, new) for value in node) if isinstance(node, (list, tuple)) else 0


def _follow_iterations(cfg: Any) -> list[str]:
    written, loop = cfg.get('schedule_for') or {}, cfg.get('train_cfg')
    if not written or not isinstance(loop, dict) or 'max_iters' not in loop:
        return []
    old = dict(written)
    settle(cfg)
    written.update(written['settled'])
    notes = []
    # a schedule with another end is the user's own, and left alone
    if old['max_iters'] != written['max_iters'] and _ends_at(cfg.get('param_scheduler'), old['max_iters']):
        _stretch(cfg['param_scheduler'], old['max_iters'], written['max_iters'])
        notes.append(
            f'max_iters {written["max_iters"]}: the schedule of {count(old["max_iters"], "iteration")} follows.'
        )
    hook = (cfg.get('default_hooks') or {}).get('checkpoint') or {}
    # bases tie checkpoints to validations; where both were equal, the validation decides
    for name in ('val_interval', 'max_iters'):
        if hook.get('interval') == old[name] and hook['interval'] != written[name]:
            hook['interval'] = written[name]
            notes.append(f'{name} {written[name]}: the interval of checkpoints follows.')
            break
    return notes


def _ends_at(schedule: Any, max_iters: int) -> bool:
    """Whether a schedule was written for this number of iterations; ours may end one step later, as Paddle's do."""
    parts = schedule if isinstance(schedule, list) else []
    ends = [part.get('end') for part in parts if isinstance(part, dict) and not part.get('by_epoch', True)]
    return bool(ends) and len(ends) == len(parts) and ends[-1] in (max_iters, max_iters + 1)


def _stretch(schedule: list, old: int, new: int) -> None:
    """The same schedule in another number of iterations; what lies one step beside a start stays beside it."""
    # the original's warm-up ends one step behind the next part's start, at any length
    starts = {part.get('begin', 0) for part in schedule}

    def moved(step: int) -> int:
        start = next((start for start in (step, step - 1) if start in starts), step)
        return new + step - old if step >= old else round(start * new / old) + step - start

    for part in schedule:
        part['begin'], part['end'] = moved(part.get('begin', 0)), moved(part['end'])
    # a warm-up of a single step would never come off its first value
    schedule[:-1] = [part for part in schedule[:-1] if part['end'] - part['begin'] > 1]


def _complete_loops(cfg: Any) -> list[str]:
    """Lets the test loop use the validation's data where it has none of its own, and takes away loops without data."""
    notes = []
    if not cfg.get('val_dataloader'):
        _drop(cfg, 'val_dataloader', 'val_cfg', 'val_evaluator')
    if cfg.get('val_dataloader') and (not cfg.get('test_dataloader') or _left_behind(cfg)):
        cfg['test_dataloader'] = copy.deepcopy(cfg['val_dataloader'])
        notes.append("Testing uses the validation's data: the config names none of its own to test on.")
    if not cfg.get('test_dataloader'):
        _drop(cfg, 'test_dataloader', 'test_cfg', 'test_evaluator')
        return notes
    if not cfg.get('test_evaluator') and cfg.get('val_evaluator'):
        cfg['test_evaluator'] = copy.deepcopy(cfg['val_evaluator'])
    if not cfg.get('test_cfg'):
        cfg['test_cfg'] = ConfigDict(type='TestLoop')
    return notes


def _left_behind(cfg: Any) -> bool:
    """Whether validation has data of the user's and testing still those of the base."""
    root = (cfg.get('pipeline_for') or {}).get('data_root')
    roots = [_root(cfg[name]) for name in ('val_dataloader', 'test_dataloader')]
    return root is not None and roots[0] != root and roots[1] == root


def _root(loader: dict) -> Any:
    dataset = loader.get('dataset') or {}
    # through wrappers such as RepeatDataset
    while isinstance(dataset, dict) and isinstance(dataset.get('dataset'), dict):
        dataset = dataset['dataset']
    return dataset.get('data_root') if isinstance(dataset, dict) else None


def _drop(cfg: Any, *names: str) -> None:
    """Mmengine wants all of a loop's three settings or none; a base may have brought some."""
    for name in names:
        if name in cfg:
            cfg[name] = None
