"""Unpacks tar archives of unknown origin without leaving the target folder."""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path, PurePosixPath

from .errors import ConversionError

MAX_TOTAL_BYTES = 16 << 30
"""An archive that would unpack to more than this is refused (CamVid as released is under 1 GB)."""


def safe_extract(archive: Path, target: Path) -> None:
    """Extracts the regular files of a tar archive (plain or compressed) below ``target``.

    Own code instead of ``tarfile.extractall(filter='data')``, which early releases of Python 3.8 to 3.11 lack. Modes,
    owners and times are not restored.

    Raises:
        ConversionError: On links, devices, absolute names or ``..``; on an archive that is broken or too large.
    """
    try:
        with tarfile.open(archive) as tar:
            members = tar.getmembers()
            # all members before the first is written: a bad archive leaves nothing behind
            _check_members(archive, members)
            for member in members:
                if member.isfile():
                    _write_member(tar, member, target)
    except (tarfile.TarError, EOFError, OSError) as error:
        raise ConversionError(f'{archive}: not a readable tar archive ({error})') from error


def _check_members(archive: Path, members: list[tarfile.TarInfo]) -> None:
    total = 0
    for member in members:
        path = PurePosixPath(member.name.replace('\\', '/'))
        if path.is_absolute() or '..' in path.parts or ':' in member.name:
            raise ConversionError(f'{archive}: member {member.name!r} points outside the archive')
        if not (member.isfile() or member.isdir()):
            raise ConversionError(f'{archive}: member {member.name!r} is a link or a device; only files are expected')
        total += member.size
    if total > MAX_TOTAL_BYTES:
        raise ConversionError(f'{archive}: would unpack to {total} bytes, more than the {MAX_TOTAL_BYTES} allowed')


def _write_member(tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    path = target / PurePosixPath(member.name.replace('\\', '/'))
    path.parent.mkdir(parents=True, exist_ok=True)
    source = tar.extractfile(member)
    assert source is not None  # regular files only
    with source, open(path, 'wb') as sink:
        shutil.copyfileobj(source, sink)
    if path.stat().st_size != member.size:
        raise tarfile.ReadError(f'{member.name} is truncated')
