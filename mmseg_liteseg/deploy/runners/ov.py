"""OpenVINO's intermediate representation."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np

from ..errors import DeployError, require
from ..metadata import KEY, Metadata
from .base import Runner


class OpenVinoRunner(Runner):
    """An ``.xml`` with its ``.bin``, in float32: OpenVINO's own default is bfloat16 where the CPU has it.

    Threads may share it: each has a request of its own.
    """

    def __init__(self, path: Path, threads: int = 0, device: str = 'CPU') -> None:
        openvino = require('openvino', 'openvino', f'{path.name}')
        if not path.with_suffix('.bin').is_file():
            raise DeployError(f'artefact {path}: {path.with_suffix(".bin").name} is missing beside it')
        core = openvino.Core()
        settings = dict(INFERENCE_PRECISION_HINT='f32')
        if threads and device == 'CPU':  # other plug-ins do not know the setting
            settings['INFERENCE_NUM_THREADS'] = threads
        try:
            model = core.read_model(str(path))
        except RuntimeError as error:
            raise DeployError(f'artefact {path}: OpenVINO cannot read it ({_last_line(error)})') from None
        try:
            self._compiled = core.compile_model(model, device, settings)
        except RuntimeError as error:
            known = ', '.join(core.available_devices)
            raise DeployError(
                f'device {device}: OpenVINO cannot use it ({_last_line(error)}); it sees {known}'
            ) from None
        self._local = threading.local()
        self.runtime = f'OpenVINO {openvino.__version__.split("-")[0]}'
        port = model.inputs[0]
        self.input_shape = [None if side.is_dynamic else side.get_length() for side in port.partial_shape]
        self.input_dtype = {'f32': 'float32', 'u8': 'uint8'}.get(port.element_type.get_type_name())
        if model.has_rt_info([KEY]):
            self.metadata = Metadata.from_json(model.get_rt_info([KEY]).value, str(path))

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Runs one synchronous request."""
        if not hasattr(self._local, 'request'):
            self._local.request = self._compiled.create_infer_request()
        return self._local.request.infer({0: x})[0]


def _last_line(error: Exception) -> str:
    return str(error).strip().splitlines()[-1][:200]
