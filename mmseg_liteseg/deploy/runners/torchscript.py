"""TorchScript archives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from ..errors import DeployError
from ..metadata import KEY, Metadata
from .base import Runner


class TorchScriptRunner(Runner):
    """A ``.pt`` on the CPU, with torch's threads."""

    def __init__(self, path: Path, threads: int = 0) -> None:
        del threads  # a setting of the whole process
        extra = {f'{KEY}.json': ''}
        try:
            self._module = torch.jit.load(str(path), map_location='cpu', _extra_files=extra)
        except (RuntimeError, ValueError) as error:
            # the rest is a C++ trace
            reason = str(error).strip().splitlines()[0][:200]
            raise DeployError(f'artefact {path}: TorchScript cannot read it ({reason})') from None
        self.runtime = f'TorchScript, torch {torch.__version__}'
        text = extra[f'{KEY}.json']
        if text:
            self.metadata = Metadata.from_json(text if isinstance(text, str) else text.decode(), str(path))
            self.input_dtype = self.metadata.interface.dtype

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Runs the module."""
        with torch.no_grad():
            return self._module(torch.from_numpy(x)).numpy()
