"""OpenVINO's intermediate representation."""

from __future__ import annotations

import threading
from pathlib import Path
from types import ModuleType
from typing import Any, Mapping

import numpy as np

from ..errors import DeployError, require
from ..metadata import KEY, Metadata
from .base import Runner

# Primitives are kept per shape. With 5,000, the plug-in's default, 3,000 pictures of many sizes grew to 1.3 GB; 100
# hold some 350 MB and are no slower, at one size nor at many.
_CACHED_PRIMITIVES = '100'
# a list, which is filled and never emptied
_CORES: list[Any] = []
_CORES_LOCK = threading.Lock()


class OpenVinoRunner(Runner):
    """An ``.xml`` with its ``.bin``, in float32: OpenVINO's own default is bfloat16 where the CPU has it. Its
    properties in ``options`` win: ``INFERENCE_PRECISION_HINT='bf16'``.

    Threads may share it: each has a request of its own. After a run that failed, the model is compiled anew: OpenVINO
    answers wrongly from then on, and with one thread it says nothing (2026.4, a picture that did not fit into memory:
    the mask of the picture before, then masks with some percent of wrong pixels).
    """

    def __init__(
        self,
        path: Path,
        threads: int = 0,
        device: str = 'CPU',
        options: Mapping[str, str] | None = None,
        streams: int = 1,
    ) -> None:
        openvino = require('openvino', 'openvino', f'{path.name}')
        if not path.with_suffix('.bin').is_file():
            raise DeployError(f'artefact {path}: {path.with_suffix(".bin").name} is missing beside it')
        self._path, self._device = path, device
        self._core = shared_core(openvino)
        self._settings = dict(INFERENCE_PRECISION_HINT='f32')
        if device == 'CPU':  # other plug-ins do not know these settings
            self._settings['CPU_RUNTIME_CACHE_CAPACITY'] = _CACHED_PRIMITIVES
            if threads:
                self._settings['INFERENCE_NUM_THREADS'] = threads
            if streams > 1:  # else requests wait for each other
                self._settings['NUM_STREAMS'] = str(streams)
                # a pinned request waits for its core while the caller's other threads work there, beside an idle one
                self._settings['ENABLE_CPU_PINNING'] = 'NO'
        self._settings.update(options or {})
        try:
            self._model = self._core.read_model(str(path))
        except RuntimeError as error:
            raise DeployError(f'artefact {path}: OpenVINO cannot read it ({_last_line(error)})') from None
        precision = self._settings['INFERENCE_PRECISION_HINT']
        self.runtime = f'OpenVINO {openvino.__version__.split("-")[0]}' + f' ({precision})' * (precision != 'f32')
        port = self._model.inputs[0]
        self.input_shape = [None if side.is_dynamic else side.get_length() for side in port.partial_shape]
        self.input_dtype = {'f32': 'float32', 'u8': 'uint8'}.get(port.element_type.get_type_name())
        if self._model.has_rt_info([KEY]):
            self.metadata = Metadata.from_json(self._model.get_rt_info([KEY]).value, str(path))
        # before any use: its wrong labels look like labels
        check_quantised_sizes(self._model, path, self.metadata)
        self._local, self._compiled = threading.local(), self._compile()

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Runs one synchronous request.

        Raises:
            DeployError: it failed, or wrote no output.
        """
        compiled, request = self._request()
        mark = _mark_output(request)
        try:
            output = request.infer({0: x})[0]
        except RuntimeError as error:
            self._forget(compiled)
            raise DeployError(
                f'artefact {self._path}: OpenVINO failed on an input of shape {x.shape} ({_last_line(error)})'
            ) from None
        if len(output) != len(x) or (mark is not None and _is_all(output, mark)):
            self._forget(compiled)
            raise DeployError(
                f'artefact {self._path}: OpenVINO gave no output for an input of shape {x.shape}; most likely it did '
                'not fit into memory'
            )
        return output

    def _request(self) -> tuple[Any, Any]:
        """This thread's request of the model as it is compiled now."""
        compiled = self._compiled = self._compiled or self._compile()
        if getattr(self._local, 'compiled', None) is not compiled:
            self._local.compiled, self._local.request = compiled, compiled.create_infer_request()
        return compiled, self._local.request

    def _compile(self) -> Any:
        try:
            return self._core.compile_model(self._model, self._device, self._settings)
        except RuntimeError as error:
            names = sorted(set(self._settings) - {'INFERENCE_PRECISION_HINT', 'CPU_RUNTIME_CACHE_CAPACITY'})
            known = ', '.join(self._core.available_devices) + (f'; options: {", ".join(names)}' if names else '')
            raise DeployError(
                f'device {self._device}: OpenVINO cannot use it ({_last_line(error)}); it sees {known}'
            ) from None

    def _forget(self, failed: Any) -> None:
        """Drops what failed; the next run compiles anew, when there is memory again."""
        self._local.compiled = self._local.request = None
        if self._compiled is failed:  # another thread may have been first
            self._compiled = None


def shared_core(openvino: ModuleType) -> Any:
    """This process's one Core, which is never let go.

    Each Core's CPU plug-in gives the thread that compiles first a stack for signals, and takes it away when the Core
    goes: where two go in the order in which they came, or in another thread, the next signal that has a handler
    (Ctrl-C, a child that ended) finds freed memory and ends the process with SIGSEGV, far from here. Seen in OpenVINO
    2026.4; https://github.com/openvinotoolkit/openvino/pull/11894 brought it.

    Args:
        openvino: The module.
    """
    with _CORES_LOCK:
        if not _CORES:
            _CORES.append(openvino.Core())
        return _CORES[0]


def check_quantised_sizes(model: Any, path: Path, metadata: Metadata | None) -> None:
    """Refuses an INT8 model of any size, on which OpenVINO answers wrongly and says nothing.

    Seen in 2026.4 of onnxruntime's: the pooled means come out 76 to 91% off and mIoU falls from 58.1 to 34.6; reshaped
    to one size the same model loses nothing. NNCF's are right, and were compared when they were made.

    Raises:
        DeployError: says what works.
    """
    quantised = any(operation.get_type_name() == 'FakeQuantize' for operation in model.get_ops())
    checked = metadata is not None and metadata.tools.get('any_size')
    if quantised and not checked and model.inputs[0].partial_shape.is_dynamic:
        raise DeployError(
            f'artefact {path}: OpenVINO computes wrong labels with such an INT8 model of any size. Quantise with '
            '--format openvino (NNCF) or --shape H W, or run the .onnx in onnxruntime'
        )


def _mark_output(request: Any) -> float | None:
    """Fills the output with a value that no run writes everywhere; None before the first run of a model of any size."""
    data = request.get_output_tensor(0).data
    if not data.size:
        return None
    mark = np.nan if data.dtype.kind == 'f' else np.iinfo(data.dtype).max
    data.fill(mark)
    return mark


def _is_all(output: np.ndarray, mark: float) -> bool:
    """Whether the mark is everywhere; one pixel settles it as a rule."""
    first = output.flat[0]
    same = np.isnan if mark != mark else lambda values: values == mark
    return bool(same(first)) and bool(np.all(same(output)))


def _last_line(error: Exception) -> str:
    return str(error).strip().splitlines()[-1][:200]
