"""ONNX files in onnxruntime."""

from __future__ import annotations

from pathlib import Path
from typing import Mapping, Sequence

import numpy as np

from mmseg_liteseg.processor import available_cores

from ..errors import DeployError, require
from ..metadata import KEY, Metadata
from .base import Runner

CPU = 'CPUExecutionProvider'


class OnnxRuntimeRunner(Runner):
    """An ONNX file, on the CPU or another execution provider, whose gaps the CPU fills.

    Threads may share it. Of ``streams`` that run it at the same time each gets its part of the CPU's threads: their own
    one, if there are not more.
    """

    def __init__(
        self,
        path: Path,
        threads: int = 0,
        device: str = CPU,
        options: Mapping[str, str] | None = None,
        streams: int = 1,
    ) -> None:
        ort = require('onnxruntime', 'onnxruntime', f'{path.name}')
        device, provider_options = _find_device(device, ort.get_available_providers())
        self._path = path
        if streams > 1:
            threads = max(1, (threads or available_cores()) // streams)
        settings = ort.SessionOptions()
        settings.intra_op_num_threads = threads
        settings.log_severity_level = 3
        for key, value in (options or {}).items():
            if '.' in key:  # as all settings of sessions have, and none of providers
                settings.add_session_config_entry(key, str(value))
            elif device == CPU:
                raise DeployError(f"options: {key}: onnxruntime's CPU takes none but those of sessions (session.NAME)")
            else:
                provider_options[key] = str(value)
        providers = {device: provider_options, CPU: {}}
        try:
            self.session = ort.InferenceSession(str(path), settings, list(providers), list(providers.values()))
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


def _find_device(name: str, offered: Sequence[str]) -> tuple[str, dict[str, str]]:
    """A provider and its options, from its own name or one as OpenVINO and torch have it: CPU, cuda, cuda:1.

    Raises:
        DeployError: the installed onnxruntime does not offer it.

    Example:
        >>> _find_device('cuda:1', ['CUDAExecutionProvider', 'CPUExecutionProvider'])
        ('CUDAExecutionProvider', {'device_id': '1'})
    """
    short = {provider[: -len('ExecutionProvider')].lower(): provider for provider in offered}
    base, _, index = name.partition(':')
    device = short.get(base.lower(), base)
    if device not in offered or (index and not index.isdigit()) or (index and device == CPU):
        raise DeployError(f'device {name}: the installed onnxruntime offers {", ".join(offered)}')
    return device, {'device_id': index} if index else {}


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:200]
