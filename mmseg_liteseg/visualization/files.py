"""Files that are there whole or not at all."""

from __future__ import annotations

import hashlib
import os
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

from mmseg_liteseg.disk import naming


@contextmanager
def replaced_by(path: str | Path) -> Iterator[Path]:
    """Gives a temporary name beside ``path``, in a folder made if missing, and moves it there once it is written.

    A link stays one: what it points to is replaced.
    """
    path = Path(os.path.realpath(path) if os.path.islink(path) else path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # not longer than the name itself can be; the suffix says to writers what to write
    digest = hashlib.blake2b(os.fsencode(path.name), digest_size=6).hexdigest()
    temporary = path.with_name(f'.{os.getpid()}-{digest}{path.suffix}')
    try:
        with naming(path):
            yield temporary
            os.replace(temporary, path)
    # after an error as well: a half-written picture would be taken for the last one
    finally:
        temporary.unlink() if temporary.exists() else None
