"""ONNX files in onnxruntime."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..errors import DeployError, require
from ..metadata import KEY, Metadata
from .base import Runner

CPU = 'CPUExecutionProvider'


class OnnxRuntimeRunner(Runner):
    """An ONNX file, on the CPU or another execution provider, whose gaps the CPU fills. Threads may share it."""

    def __init__(self, path: Path, threads: int = 0, device: str = CPU) -> None:
        ort = require('onnxruntime', 'onnxruntime', f'{path.name}')
        # OpenVINO's names too: CPU, cuda
        named = {name[: -len('ExecutionProvider')].lower(): name for name in ort.get_available_providers()}
        device = named.get(device.lower(), device)
        if device not in ort.get_available_providers():
            offered = ', '.join(ort.get_available_providers())
            raise DeployError(f'device {device}: the installed onnxruntime offers {offered}')
        self._path = path
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        try:
            self.session = ort.InferenceSession(str(path), options, providers=list(dict.fromkeys([device, CPU])))
        except Exception as error:  # its exceptions share no base but Exception
            raise DeployError(f'artefact {path}: onnxruntime cannot read it ({_first_line(error)})') from None
        if self.session.get_providers()[0] != device:  # it only warns, and takes the CPU
            raise DeployError(f'device {device}: onnxruntime could not start it (are its driver and libraries there?)')
        self.runtime = f'onnxruntime {ort.__version__}'
        inputs = self.session.get_inputs()
        if len(inputs) != 1:
            raise DeployError(f'artefact {path}: expected one input, found {len(inputs)}')
        self._name = inputs[0].name
        self.input_shape = [side if isinstance(side, int) else None for side in inputs[0].shape]
        # converted to half precision: callers hand over and get float32 all the same
        self._half = inputs[0].type == 'tensor(float16)'
        kinds = {'tensor(float)': 'float32', 'tensor(float16)': 'float32', 'tensor(uint8)': 'uint8'}
        self.input_dtype = kinds.get(inputs[0].type)
        text = self.session.get_modelmeta().custom_metadata_map.get(KEY)
        self.metadata = Metadata.from_json(text, str(path)) if text else None

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Runs the session.

        Raises:
            DeployError: it failed: another shape or type of input, or no memory.
        """
        try:
            output = self.session.run(None, {self._name: x.astype(np.float16) if self._half else x})[0]
        except Exception as error:  # its exceptions share no base but Exception
            raise DeployError(
                f'artefact {self._path}: onnxruntime failed on an input of shape {x.shape}, {x.dtype} '
                f'({_first_line(error)})'
            ) from None
        return output.astype(np.float32) if output.dtype == np.float16 else output


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:200]
