"""ncnn's pairs of ``.param`` and ``.bin``."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..errors import DeployError, require
from ..metadata import KEY, Metadata
from .base import Runner


class NcnnRunner(Runner):
    """A network on the CPU, in float32: ncnn's own default stores halves."""

    def __init__(self, path: Path, threads: int = 0) -> None:
        ncnn = require('ncnn', 'ncnn', f'{path.name}')
        weights = path.with_suffix('.bin')
        if not weights.is_file():
            raise DeployError(f'artefact {path}: {weights.name} is missing beside it')
        self._ncnn = ncnn
        self._net = ncnn.Net()
        for name in ('use_fp16_packed', 'use_fp16_storage', 'use_fp16_arithmetic', 'use_bf16_storage'):
            setattr(self._net.opt, name, False)
        if threads:
            self._net.opt.num_threads = threads
        if self._net.load_param(str(path)) or self._net.load_model(str(weights)):
            raise DeployError(f'artefact {path}: ncnn cannot read it')
        self.runtime = f'ncnn {ncnn.__version__}'
        self._input, self._output = self._net.input_names()[0], self._net.output_names()[0]
        text = read_trailer(path)
        self.metadata = Metadata.from_json(text, str(path)) if text else None
        self.input_dtype = 'float32'

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Runs the images one by one: ncnn knows no batches."""
        return np.stack([self._run(image) for image in x])

    def _run(self, image: np.ndarray) -> np.ndarray:
        extractor = self._net.create_extractor()
        # a copy: the Mat only points to numpy's memory
        extractor.input(self._input, self._ncnn.Mat(image).clone())
        code, output = extractor.extract(self._output)
        if code:
            raise DeployError(f'ncnn failed at size {image.shape[1]}x{image.shape[2]} with code {code}')
        # and back: the extractor's memory goes with it
        return np.array(output)


def read_trailer(path: Path) -> str | None:
    """The metadata after the last layer; ncnn reads as many layers as the file's second line says, and no further."""
    for line in path.read_text(encoding='utf-8').splitlines():
        if line.startswith(f'{KEY} '):
            return line[len(KEY) + 1 :]
    return None
