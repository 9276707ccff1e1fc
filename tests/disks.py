"""Disks for tests: small ones that can be filled."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Iterator

import pytest

SIZE = 12 << 20


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Folder of a file system of its own."""
    command = ['mount', '-t', 'tmpfs', '-o', f'size={SIZE}', 'tmpfs', str(tmp_path)]
    try:
        mounted = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    except OSError as error:
        pytest.skip(f'mounting a small disk: {error}')
    if mounted.returncode:
        pytest.skip(f'mounting a small disk is not allowed: {mounted.stdout.strip()}')
    yield tmp_path
    subprocess.run(['umount', '-l', str(tmp_path)], check=True)


def fill(disk: Path, leave: int = 0) -> None:
    """Takes what is left of the room, less some bytes."""
    with (disk / 'ballast').open('wb') as file:
        found = os.statvfs(disk)
        file.write(bytes(max(0, found.f_bavail * found.f_frsize - leave)))
