"""Names and colours for classes that have none."""

from __future__ import annotations

import colorsys
from typing import Iterable

from PIL import ImageColor

from .decode import unpack

_GOLDEN = 0.618034  # hues at multiples of the golden ratio stay apart, however many there are


def class_colours(count: int, first_black: bool = False) -> list[tuple[int, int, int]]:
    """Colours (R, G, B) that can be told apart; the same for the same arguments.

    Example:
        >>> class_colours(2, first_black=True)
        [(0, 0, 0), (217, 46, 46)]
    """
    colours = [(0, 0, 0)] if first_black else []
    for i in range(count - len(colours)):
        rgb = colorsys.hsv_to_rgb(i * _GOLDEN % 1, 0.79 - 0.25 * (i // 7 % 2), 0.85 - 0.25 * (i // 14 % 2))
        colours.append(tuple(round(255 * part) for part in rgb))
    return colours


def colour_name(code: int) -> str:
    """What a colour is called: by CSS where it has a name, else by its digits; black is the background.

    Example:
        >>> colour_name(0xFF0000), colour_name(0x102030), colour_name(0)
        ('red', 'color_102030', 'background')
    """
    if code == 0:
        return 'background'
    name = next((name for name, hexa in ImageColor.colormap.items() if hexa == f'#{code:06x}'), None)
    return name or f'color_{code:06x}'


def as_tuple(code: int) -> tuple[int, int, int]:
    """A packed colour as (R, G, B)."""
    return tuple(unpack(code).tolist())


def say_some(items: Iterable[object], most: int = 8) -> str:
    """The first items of a list, for messages.

    Example:
        >>> say_some(range(12), 3)
        '0, 1, 2 and 9 more'
    """
    items = [str(item) for item in items]
    return ', '.join(items[:most]) + (f' and {len(items) - most} more' if len(items) > most else '')
