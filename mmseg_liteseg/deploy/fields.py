"""Checks of single values, whoever wrote them: a caller, a file of metadata, a converter of somebody else."""

from __future__ import annotations

import math
import os
from numbers import Integral, Real
from pathlib import Path
from typing import Any, Sequence

import numpy as np

from .errors import DeployError


def brief(value: Any) -> str:
    """A value in one short line.

    Example:
        >>> brief([1] * 100)
        '[1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1'
    """
    return ' '.join(repr(value).split())[:80]


def check_whole(name: str, value: Any, lowest: int) -> int:
    """A whole number from ``lowest`` on.

    Raises:
        DeployError: it is something else; names it.

    Example:
        >>> check_whole('batch', 4, 1)
        4
    """
    # True is an integer to Python, and none to who wrote it
    if isinstance(value, bool) or not isinstance(value, Integral) or value < lowest:
        kind = 'a positive number' if lowest == 1 else f'a whole number from {lowest} on'
        raise DeployError(f'{name}: expected {kind}, got {brief(value)}')
    return int(value)


def check_real(name: str, value: Any, lowest: float = -math.inf, highest: float = math.inf) -> float:
    """A finite number between two others.

    Raises:
        DeployError: it is something else; names it.
    """
    number = not isinstance(value, bool) and isinstance(value, Real) and math.isfinite(value)
    if not number or not lowest <= value <= highest:
        reach = '' if lowest == -math.inf else f' from {lowest:g} on' if lowest >= 1e-9 or lowest <= 0 else ' above 0'
        reach = reach if highest == math.inf else f' of {lowest:g} to {highest:g}'
        raise DeployError(f'{name}: expected a number{reach}, got {brief(value)}')
    return float(value)


def check_choice(name: str, value: Any, allowed: Sequence[Any]) -> None:
    """One of several values.

    Raises:
        DeployError: it is none of them.
    """
    if not any(value is choice or (isinstance(value, str) and value == choice) for choice in allowed):
        raise DeployError(f'{name}: expected one of {", ".join(map(str, allowed))}, got {brief(value)}')


def check_size(name: str, value: Any) -> tuple[int, int]:
    """(H, W), positive.

    Raises:
        DeployError: it is something else.
    """
    if not isinstance(value, (list, tuple)) or len(value) != 2:
        raise DeployError(f'{name}: expected two sides, height and width, got {brief(value)}')
    return check_whole(name, value[0], 1), check_whole(name, value[1], 1)


def check_numbers(name: str, value: Any, lowest: float = -math.inf) -> None:
    """One number or a list of them.

    Raises:
        DeployError: it is something else.
    """
    for number in value if isinstance(value, (list, tuple)) and value else [value]:
        check_real(name, number, lowest)


def check_names(name: str, value: Any) -> None:
    """A list of texts, not empty.

    Raises:
        DeployError: it is something else.
    """
    if not isinstance(value, (list, tuple)) or not value or not all(isinstance(item, str) for item in value):
        raise DeployError(f'{name}: expected a list of names, got {brief(value)}')


def check_palette(name: str, value: Any) -> None:
    """A list of colours (R, G, B) of 0 to 255; it may be empty.

    Raises:
        DeployError: it is something else.
    """
    if not isinstance(value, (list, tuple)):
        raise DeployError(f'{name}: expected a list of colours, got {brief(value)}')
    for colour in value:
        if not isinstance(colour, (list, tuple)) or len(colour) != 3:
            raise DeployError(f'{name}: expected colours of three numbers, got {brief(colour)}')
        for part in colour:
            check_real(name, part, 0, 255)


def check_path(name: str, value: Any) -> Path:
    """A path, from a text or an object of the system's.

    Raises:
        DeployError: it is something else, or blank: an empty variable of a script would be the current folder.
    """
    text = os.fspath(value) if isinstance(value, (str, os.PathLike)) else None
    if not isinstance(text, str) or not text.strip() or '\0' in text:
        raise DeployError(f'{name}: expected a path, got {brief(value)}')
    return Path(text)


def check_kind(name: str, value: Any, kind: type) -> None:
    """An object of a class.

    Raises:
        DeployError: it is something else.
    """
    if not isinstance(value, kind):
        raise DeployError(f'{name}: expected {kind.__name__}, got {brief(value)}')


def check_sizes(name: str, value: Any) -> None:
    """A list of (H, W), not empty.

    Raises:
        DeployError: it is something else.
    """
    if not isinstance(value, (list, tuple)) or not value:
        raise DeployError(f'{name}: expected a list of sizes (H, W), got {brief(value)}')
    for size in value:
        check_size(name, size)


def check_picture(name: str, value: Any) -> None:
    """A picture (H, W, C) of real numbers, with at least one pixel.

    Raises:
        DeployError: it is something else.
    """
    if not isinstance(value, np.ndarray) or value.ndim != 3 or not value.size or value.dtype.kind not in 'uif':
        found = f'{value.shape}, {value.dtype}' if isinstance(value, np.ndarray) else brief(value)
        raise DeployError(f'{name}: expected an array (H, W, C) of real numbers, got {found}')


def check_callable(name: str, value: Any) -> None:
    """A function.

    Raises:
        DeployError: it is something else.
    """
    if not callable(value):
        raise DeployError(f'{name}: expected a function, got {brief(value)}')
