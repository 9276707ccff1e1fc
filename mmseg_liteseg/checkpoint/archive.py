"""Weights inside ``.tar.gz`` archives, read in memory: nothing is extracted to the disk."""

from __future__ import annotations

import gzip
import io
import tarfile
import zlib

from .errors import CheckpointFileError

MAX_BYTES = 1 << 30
"""Most that an archive may hold unpacked: 1 GiB, some twenty times what the encoders take."""

MAX_MEMBERS = 1000

# What gzip and tarfile raise on damaged files; a long chain of headers makes tarfile call itself.
_DAMAGED = (
    tarfile.TarError,
    zlib.error,
    EOFError,
    OSError,
    ValueError,
    ArithmeticError,
    LookupError,
    MemoryError,
    RecursionError,
)

GZIP_MAGIC = b'\x1f\x8b'


class _Limited(io.RawIOBase):
    """Reads on from ``stream`` and raises when more than MAX_BYTES come out of it."""

    def __init__(self, stream: gzip.GzipFile) -> None:
        self.stream = stream
        self.count = 0

    def read(self, size: int = -1) -> bytes:
        # in pieces, so that a bomb is noticed long before it is unpacked
        data = self.stream.read(min(size, 1 << 24) if size >= 0 else 1 << 24)
        self.count += len(data)
        if self.count > MAX_BYTES:
            raise CheckpointFileError(f'unpacks to more than {MAX_BYTES >> 20} MiB')
        return data


def read_tar_gz(data: bytes) -> bytes:
    """The one ``.pdparams`` member of a ``.tar.gz``.

    Args:
        data: The whole archive.

    Raises:
        CheckpointFileError: The archive is damaged, too large, holds none or several ``.pdparams``, or has a member
            that no archive of weights needs: a link, a device, an absolute path or one with ``..``.
    """
    stream = _Limited(gzip.GzipFile(fileobj=io.BytesIO(data)))
    try:
        # A stream, so that no header can send the reader back to where it has been.
        with tarfile.open(fileobj=stream, mode='r|') as archive:
            found = _read_members(archive)
        while stream.read():  # to the end, where gzip compares its checksum
            pass
    except CheckpointFileError:
        raise
    except _DAMAGED as error:
        raise CheckpointFileError(f'is a damaged archive, or its download was cut off ({error})'[:300]) from error
    if len(found) != 1:
        names = ', '.join(ascii(name[:80]) for name in sorted(found)[:5]) or 'none'
        raise CheckpointFileError(f'must hold one .pdparams file, found {len(found)}: {names}')
    return found.popitem()[1]


def _read_members(archive: tarfile.TarFile) -> dict[str, bytes]:
    found = {}
    for count, member in enumerate(archive):
        if count >= MAX_MEMBERS:
            raise CheckpointFileError(f'is an archive of more than {MAX_MEMBERS} files')
        parts = _check_member(member)
        # macOS adds hidden companions named ._NAME
        if not member.isfile() or not parts[-1].endswith('.pdparams') or parts[-1].startswith('.'):
            continue
        content = archive.extractfile(member).read()
        if member.name in found:
            raise CheckpointFileError(f'holds {member.name[:80]!a} twice')
        found[member.name] = content
    return found


def _check_member(member: tarfile.TarInfo) -> list[str]:
    name = member.name.replace('\\', '/')
    parts = name.split('/')
    problem = None
    if name.startswith('/') or name[1:2] == ':':
        problem = 'an absolute path'
    elif '..' in parts:
        problem = "a path with '..'"
    elif member.issym() or member.islnk():
        problem = 'a link'
    elif not (member.isdir() or (member.isfile() and not member.issparse())):
        problem = 'no plain file'
    elif not 0 <= member.size <= MAX_BYTES:
        problem = f'larger than {MAX_BYTES >> 20} MiB'
    if problem:
        raise CheckpointFileError(f'holds {member.name[:120]!a}, which is {problem}: no archive of weights needs that')
    return parts
