"""Fast equivalents of mmseg's post-processing and loss. What needs torch is imported when it is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOMES = dict(
    Targets='targets',
    dense_losses='pixel_losses',
    hard_cross_entropy='ohem_loss',
    ohem_cross_entropy='ohem_loss',
    upsample_argmax='label_map',
)
__all__ = ['Targets', 'dense_losses', 'hard_cross_entropy', 'ohem_cross_entropy', 'upsample_argmax']


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    return getattr(import_module(f'.{_HOMES[name]}', __name__), name)
