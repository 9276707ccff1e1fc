"""OpenVINO's intermediate representation."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..errors import DeployError, require
from ..metadata import KEY, Metadata
from .base import Runner


class OpenVinoRunner(Runner):
    """An ``.xml`` with its ``.bin`` on the CPU, in float32: OpenVINO's own default is bfloat16 where the CPU has it."""

    def __init__(self, path: Path, threads: int = 0) -> None:
        openvino = require('openvino', 'openvino', f'{path.name}')
        if not path.with_suffix('.bin').is_file():
            raise DeployError(f'artefact {path}: {path.with_suffix(".bin").name} is missing beside it')
        core = openvino.Core()
        settings = dict(INFERENCE_PRECISION_HINT='f32')
        if threads:
            settings['INFERENCE_NUM_THREADS'] = threads
        try:
            model = core.read_model(str(path))
            self._compiled = core.compile_model(model, 'CPU', settings)
        except RuntimeError as error:
            reason = str(error).strip().splitlines()[-1][:200]
            raise DeployError(f'artefact {path}: OpenVINO cannot read it ({reason})') from None
        self.runtime = f'OpenVINO {openvino.__version__.split("-")[0]}'
        port = model.inputs[0]
        self.input_shape = [None if side.is_dynamic else side.get_length() for side in port.partial_shape]
        self.input_dtype = {'f32': 'float32', 'u8': 'uint8'}.get(port.element_type.get_type_name())
        if model.has_rt_info([KEY]):
            self.metadata = Metadata.from_json(model.get_rt_info([KEY]).value, str(path))

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Runs one synchronous request."""
        return self._compiled(x)[0]
