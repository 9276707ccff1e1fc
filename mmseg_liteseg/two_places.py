"""Numbers of a config that stand in two places, a variable and ``train_cfg``: the one that was set last counts."""

from __future__ import annotations

from typing import Any

from .errors import SettingError

NAMES = ('max_iters', 'val_interval')


def settle(cfg: Any) -> None:
    """Writes the value that counts into both places, and notes it, so that whatever is set afterwards is told from it.

    Done when the files have been read and again where a runner is made; without ``schedule_for``, which says what a
    schedule was written for, or a loop that counts iterations, nothing happens.

    Args:
        cfg: mmengine's Config, or a dictionary of its fields.

    Raises:
        SettingError: Both places were set at the same time, to two values; or a value is no positive integer.

    Example:
        >>> written = dict(max_iters=10000, val_interval=1000)
        >>> cfg = dict(schedule_for=written, max_iters=4000, train_cfg=dict(max_iters=10000))
        >>> settle(cfg)  # the files: 4000 is new
        >>> cfg['train_cfg']['max_iters'] = 10000  # a script
        >>> settle(cfg)
        >>> cfg['max_iters']
        10000
    """
    written, loop = cfg.get('schedule_for') or {}, cfg.get('train_cfg')
    if not written or not isinstance(loop, dict) or 'max_iters' not in loop:
        return
    values = {name: _last_value(name, cfg) for name in NAMES}
    for name, value in values.items():
        cfg[name] = value
        if name in loop:
            loop[name] = value
    written['settled'] = values


def _last_value(name: str, cfg: Any) -> int:
    written, places = cfg['schedule_for'], [cfg.get(name), cfg['train_cfg'].get(name)]
    before = (written.get('settled') or written)[name]
    anew = [value for value in places if value is not None and value != before]
    if len(anew) == 2 and anew[0] != anew[1]:
        raise SettingError(f'{name} is {anew[0]}, train_cfg.{name} is {anew[1]}: set one of them')
    value = anew[0] if anew else before
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise SettingError(f'{name}: expected a positive integer, got {value!r}')
    return value
