"""Names of files made from other files, each its own."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from pathlib import Path, PurePath
from typing import Iterable

# What file systems take as a name, in bytes.
_LONGEST = 255


def output_names(paths: Iterable[str | Path], root: str | Path | None = None, flat: bool = False) -> dict[str, Path]:
    """Names outputs after inputs: by their path below ``root``, without suffix, or with what tells them apart.

    Args:
        paths: Of the inputs.
        root: Their folder. Inputs elsewhere, and those on the web, keep their last name alone.
        flat: Names without folders, where those are enough.

    Returns:
        From each input's path, as it was given, to a relative path without suffix. No two are equal: where
        inputs differ in their suffix alone it stays (``a.jpg`` and ``a.png``), where flat names collide folders stay,
        and where all of that is not enough a number is added. The same inputs get the same names in every run.

    Example:
        >>> names = output_names(['in/a.jpg', 'in/a.png', 'in/b/c.png'], 'in')
        >>> {path: name.as_posix() for path, name in names.items()}
        {'in/a.jpg': 'a.jpg', 'in/a.png': 'a.png', 'in/b/c.png': 'b/c'}
    """
    texts = list(dict.fromkeys(str(path) for path in paths))
    candidates = {text: _candidates(text, root, flat) for text in texts}
    names: dict[str, Path] = {}
    left = texts
    for attempt in range(max((len(options) for options in candidates.values()), default=0)):
        wanted = {text: candidates[text][min(attempt, len(candidates[text]) - 1)] for text in left}
        counts = Counter(wanted.values())
        taken = set(names.values())
        # all that collide go on to the next candidate: none has a better right to the short name
        names.update((text, name) for text, name in wanted.items() if counts[name] == 1 and name not in taken)
        left = [text for text in left if text not in names]
    taken = set(names.values())
    for text in left:
        name, number = candidates[text][-1], 2
        free = name
        while free in taken:
            free, number = name.with_name(f'{name.name}-{number}'), number + 1
        names[text] = free
        taken.add(free)
    return {text: names[text] for text in texts}


def with_ending(name: Path, ending: str) -> Path:
    """Adds a suffix to a name of ``output_names``, which is shortened if file systems would not take it.

    >>> with_ending(Path('a.b'), '.png').name
    'a.b.png'
    """
    encoded = os.fsencode(name.name)
    if len(encoded) + len(ending) <= _LONGEST:
        return name.with_name(name.name + ending)
    digest = hashlib.blake2b(encoded, digest_size=6).hexdigest()
    kept = os.fsdecode(encoded[: _LONGEST - len(ending) - len(digest) - 1]).encode('utf-8', 'ignore').decode()
    return name.with_name(f'{kept}-{digest}{ending}')


def _candidates(text: str, root: str | Path | None, flat: bool) -> list[Path]:
    """From the shortest to the longest: below the root, then with one more of the folders above each time."""
    relative = _relative(text, root)
    parts = [part for part in PurePath(text.split('://', 1)[-1]).parts if part not in (os.sep, os.pardir, os.curdir)]
    longer = [Path(*parts[-depth:]) for depth in range(len(relative.parts) + 1, len(parts) + 1)]
    options = [Path(relative.name)] * flat + [relative, *longer]
    return [option for path in options for option in (path.with_suffix(''), path)]


def _relative(text: str, root: str | Path | None) -> Path:
    if '://' in text or not root:
        return Path(PurePath(text).name)
    relative = os.path.relpath(text, root)
    return Path(PurePath(text).name if relative.startswith(os.pardir) else relative)
