"""Checks of how many levels a decoder has."""

from __future__ import annotations

from typing import Sequence

from mmseg_liteseg.errors import SettingError

from ..layers.checks import check_positive_ints
from ..losses.base import check_number


def check_loss_weights(values: Sequence[float] | None, heads: int) -> tuple[float, ...]:
    """Factors of the auxiliary losses, one per head; 1 each where none are given."""
    if values is None:
        return (1.0,) * heads
    if not isinstance(values, (list, tuple)) or len(values) != heads:
        raise SettingError(f'aux_loss_weights must hold {heads} numbers, one per aux_channels, got {values!r}')
    for i, value in enumerate(values):
        check_number(value, f'aux_loss_weights[{i}]')
    return tuple(values)


def check_levels(
    in_channels: Sequence[int], in_index: Sequence[int], decoder_channels: Sequence[int], aux_channels: Sequence[int]
) -> None:
    """Raises a SettingError that names what does not fit the other lengths."""
    check_positive_ints(in_channels, 'in_channels')
    check_positive_ints(decoder_channels, 'decoder_channels')
    check_positive_ints(aux_channels, 'aux_channels')
    levels = len(in_channels)
    if levels < 2:
        raise SettingError(f'in_channels must hold at least one skip feature and the context, got {tuple(in_channels)}')
    if not isinstance(in_index, (list, tuple)) or len(in_index) != levels:
        raise SettingError(f'in_index must hold {levels} indices, one per in_channels, got {in_index!r}')
    if any(isinstance(i, bool) or not isinstance(i, int) or i < 0 for i in in_index):
        raise SettingError(f'in_index must hold indices from 0 on, got {in_index!r}')
    if len(decoder_channels) != levels - 1:
        raise SettingError(
            f'decoder_channels must hold {levels - 1} numbers, one less than in_channels, got {tuple(decoder_channels)}'
        )
    if len(aux_channels) > levels - 2:
        raise SettingError(
            f'aux_channels must hold at most {levels - 2} numbers, one per decoder_channels but the first, '
            f'got {tuple(aux_channels)}'
        )
