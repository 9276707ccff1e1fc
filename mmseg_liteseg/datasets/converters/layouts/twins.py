"""Files that differ by the suffix alone, such as a.jpg and a.png: which of them is meant."""

from __future__ import annotations

from pathlib import Path
from typing import Container, Iterable, Sequence

# PNG is how labels are stored; JPEG is how they are shown, and WebP may be either.
_FIRST, _LAST = ('.png',), ('.webp', '.jpg', '.jpeg')


def listed_first(images: Sequence[Path], listed: Container[Path]) -> list[Path]:
    """Images without those that no list names while one names their twin.

    Example:
        >>> listed_first([Path('a.jpg'), Path('a.png'), Path('b.jpg')], {Path('a.png')})
        [PosixPath('a.png'), PosixPath('b.jpg')]
    """
    named = {_name(path) for path in images if path in listed}
    return [path for path in images if path in listed or _name(path) not in named]


def one_of_each(masks: Iterable[Path]) -> list[Path]:
    """Of masks that are twins the one that most likely holds what was drawn.

    Example:
        >>> one_of_each([Path('a.jpg'), Path('a.png'), Path('a_2.jpg')])
        [PosixPath('a.png'), PosixPath('a_2.jpg')]
    """
    best: dict[str, Path] = {}
    for path in sorted(masks, key=_order):
        best.setdefault(_name(path), path)
    return sorted(best.values())


def _name(path: Path) -> str:
    return path.with_suffix('').as_posix().lower()


def _order(path: Path) -> tuple[int, str]:
    suffix = path.suffix.lower()
    return (suffix in _LAST) - (suffix in _FIRST), path.as_posix()
