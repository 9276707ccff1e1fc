"""Weights that are NaN or infinite: what a training that diverged leaves behind."""

from __future__ import annotations

from typing import Mapping

import torch
from torch import Tensor

from .errors import CheckpointFileError

_NAMED = 3  # tensors in a message


def describe_nonfinite(weights: Mapping[str, Tensor]) -> str | None:
    """Which weights are NaN or infinite, in words that go on from the file's name; None if none is.

    Example:
        >>> describe_nonfinite({'a': torch.ones(2), 'b': torch.tensor([1.0, float('nan')])})
        'holds NaN or infinite values in 1 of 2 tensors: b (1 of 2 values)'
    """
    bad = {}
    for key, value in weights.items():
        if isinstance(value, Tensor) and (value.is_floating_point() or value.is_complex()):
            count = value.numel() - int(torch.isfinite(value if value.is_complex() else value.double()).sum())
            if count:
                bad[key] = f'{key} ({count} of {value.numel()} values)'
    if not bad:
        return None
    more = ', ...' if len(bad) > _NAMED else ''
    return (
        f'holds NaN or infinite values in {len(bad)} of {len(weights)} tensors: '
        f'{", ".join(list(bad.values())[:_NAMED])}{more}'
    )


def check_finite(weights: Mapping[str, Tensor], path: str) -> None:
    """Refuses weights that no model computes with.

    Raises:
        CheckpointFileError: Names the file and the first tensors.
    """
    found = describe_nonfinite(weights)
    if found:
        raise CheckpointFileError(f'{path} {found}. Take an earlier one, from before the training diverged')
