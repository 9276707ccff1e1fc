"""Checks whose errors name the field that is wrong."""

from __future__ import annotations

from typing import Any, Sequence

import torch
from torch import Tensor

from mmseg_liteseg.errors import SettingError


def check_channels(x: Tensor, expected: int, field: str) -> None:
    """Raises a SettingError when ``x`` (N, C, H, W) does not have the channels that ``field`` promises.

    Skipped while tracing: there the shape is a tensor, and the example input was checked by an eager run before.
    """
    if torch.jit.is_tracing():
        return
    if x.ndim != 4 or x.shape[1] != expected:
        raise SettingError(f'{field}={expected} expects a (N, {expected}, H, W) tensor, got shape {tuple(x.shape)}')


def check_positive_int(value: Any, field: str) -> int:
    """Returns ``value`` if it is a positive integer, else raises a SettingError that names ``field``."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise SettingError(f'{field} must be a positive integer, got {value!r}')
    return value


def check_positive_ints(values: Sequence[Any], field: str) -> tuple[int, ...]:
    """Returns ``values`` as a tuple if all are positive integers, else raises a SettingError that names ``field``."""
    if not isinstance(values, (list, tuple)):
        raise SettingError(f'{field} must be a list or tuple of positive integers, got {values!r}')
    return tuple(check_positive_int(v, f'{field}[{i}]') for i, v in enumerate(values))
