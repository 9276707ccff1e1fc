"""The folder of artefacts to be: made, and written to at the very end."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

from mmseg_liteseg.command_line import describe
from mmseg_liteseg.disk import naming

from .errors import DeployError
from .fields import brief, check_path


def make_folder(out: str | Path, name: str) -> Path:
    """Makes the folder of artefacts to be, before the work.

    Raises:
        DeployError: it cannot be made, or the artefacts' name is none of a file.
    """
    if not isinstance(name, str) or not name or Path(name).name != name or '\0' in name:
        raise DeployError(f'name: expected that of a file, without folders, got {brief(name)}')
    out = check_path('out', out)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DeployError(f'out {out}: this folder cannot be made ({error.strerror})') from None
    return out


@contextmanager
def work_folder(out: Path, prefix: str) -> Iterator[Path]:
    """A folder in ``out`` for what is not done yet; it goes afterwards.

    Raises:
        DeployError: the system lets nothing be written there, or a file be read.
    """
    try:
        # inside out: within a file system the files can be moved there in one step each
        with naming(out), tempfile.TemporaryDirectory(dir=out, prefix=prefix) as folder:
            yield Path(folder)
    except OSError as error:
        raise DeployError(f'out {out}: nothing was written ({describe(error)})') from error
