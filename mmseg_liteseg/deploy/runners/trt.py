"""TensorRT engines on a GPU. NOT RUN: written from NVIDIA's documentation for TensorRT 8.5 to 10."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from ..errors import DeployError, require
from ..metadata import Metadata
from .base import Runner


class TensorRTRunner(Runner):
    """An engine with one input and one output; the metadata lies beside it, in ``NAME.engine.json``."""

    def __init__(self, path: Path, threads: int = 0) -> None:
        del threads  # it runs on the GPU
        trt = require('tensorrt', 'tensorrt', f'{path.name}')
        if not torch.cuda.is_available():
            raise DeployError(f'artefact {path}: TensorRT needs a CUDA GPU, this machine shows none')
        self._logger = trt.Logger(trt.Logger.WARNING)
        self._engine = trt.Runtime(self._logger).deserialize_cuda_engine(path.read_bytes())
        if self._engine is None:
            raise DeployError(f'artefact {path}: TensorRT {trt.__version__} cannot read it (built by another version?)')
        self._context = self._engine.create_execution_context()
        names = [self._engine.get_tensor_name(index) for index in range(self._engine.num_io_tensors)]
        inputs = [name for name in names if self._engine.get_tensor_mode(name) == trt.TensorIOMode.INPUT]
        outputs = [name for name in names if name not in inputs]
        if len(inputs) != 1 or len(outputs) != 1:
            raise DeployError(f'artefact {path}: expected one input and one output, found {inputs} and {outputs}')
        (self._input,), (self._output,) = inputs, outputs
        self._output_type = np.dtype(trt.nptype(self._engine.get_tensor_dtype(self._output)))
        self.runtime = f'TensorRT {trt.__version__}, {torch.cuda.get_device_name()}'
        self.input_shape = [None if side < 0 else side for side in self._engine.get_tensor_shape(self._input)]
        self.input_dtype = np.dtype(trt.nptype(self._engine.get_tensor_dtype(self._input))).name
        sidecar = path.with_name(f'{path.name}.json')
        self.metadata = (
            Metadata.from_json(sidecar.read_text(encoding='utf-8'), str(sidecar)) if sidecar.is_file() else None
        )

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Runs the engine once."""
        image = torch.from_numpy(np.ascontiguousarray(x)).cuda()
        if not self._context.set_input_shape(self._input, tuple(image.shape)):
            raise DeployError(f'the engine does not take the shape {tuple(image.shape)}: see --shapes')
        shape = tuple(self._context.get_tensor_shape(self._output))
        result = torch.from_numpy(np.empty(shape, self._output_type)).cuda()
        self._context.set_tensor_address(self._input, image.data_ptr())
        self._context.set_tensor_address(self._output, result.data_ptr())
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        if not self._context.execute_async_v3(stream.cuda_stream):
            raise DeployError('TensorRT failed; its messages are above')
        stream.synchronize()
        return result.cpu().numpy()
