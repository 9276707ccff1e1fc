"""Outputs that were recorded on another machine: NPUs, phones, boards."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from mmseg_liteseg.command_line import describe
from mmseg_liteseg.disk import naming

from ..errors import DeployError
from ..fields import check_kind, check_path
from .base import Runner


class RecordedRunner(Runner):
    """A folder of ``HASH.output.npy``, each the answer to the ``HASH.input.npy`` that ``record_input`` wrote.

    ``tools/verify_export.py --dump-inputs DIR`` writes the inputs; the device's program reads each, writes its output
    beside it, and ``tools/verify_export.py DIR CONFIG CHECKPOINT`` compares.
    """

    runtime = 'recorded outputs'

    def __init__(self, path: Path, threads: int = 0) -> None:
        del threads
        self._folder = path
        if not list(path.glob('*.output.npy')):
            raise DeployError(f'artefact {path}: the folder holds no *.output.npy')

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """The output that was recorded for this very input."""
        file = self._folder / f'{name_of(x)}.output.npy'
        if not file.is_file():
            raise DeployError(f'artefact {self._folder}: {file.name} is missing (input of shape {x.shape})')
        return np.load(file, allow_pickle=False)


def record_input(folder: Path, x: np.ndarray) -> Path:
    """Writes an input under the name by which its output will be looked for.

    Raises:
        DeployError: nothing can be written there, or an argument is of another type.
    """
    folder = check_path('folder', folder)
    check_kind('input', x, np.ndarray)
    file = folder / f'{name_of(x)}.input.npy'
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with naming(file):
            np.save(file, x)
    except OSError as error:
        raise DeployError(f'folder {folder}: cannot be written ({describe(error)})') from None
    return file


def name_of(x: np.ndarray) -> str:
    """Shape and content: 1x3x64x64_0123456789ab."""
    # by content: an output that belongs to another input is not found
    digest = hashlib.sha256(np.ascontiguousarray(x).tobytes()).hexdigest()[:12]
    return 'x'.join(map(str, x.shape)) + f'_{digest}'
