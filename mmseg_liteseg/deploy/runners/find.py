"""Chooses the runtime by a file's suffix."""

from __future__ import annotations

import importlib
from pathlib import Path

from ..errors import DeployError
from .base import Runner

SUFFIXES = {
    '.onnx': ('ort', 'OnnxRuntimeRunner'),
    '.xml': ('ov', 'OpenVinoRunner'),
    '.pt': ('torchscript', 'TorchScriptRunner'),
    '.param': ('ncnn_net', 'NcnnRunner'),
    '.engine': ('trt', 'TensorRTRunner'),
    '.plan': ('trt', 'TensorRTRunner'),
}


def open_artefact(path: str | Path, threads: int = 0) -> Runner:
    """Opens a model file, or a folder of recorded outputs.

    Args:
        path: ``.onnx``, OpenVINO's ``.xml``, TorchScript's ``.pt``, ncnn's ``.param``, TensorRT's ``.engine`` or
            ``.plan``, or a folder of outputs recorded on another machine (see ``RecordedRunner``).
        threads: Of the runtime; 0 leaves it to the runtime.

    Raises:
        DeployError: no such file, an unknown suffix, a broken file, or the runtime is not installed.
    """
    path = Path(path)
    if not path.exists():
        raise DeployError(f'artefact {path}: no such file')
    if path.is_dir():
        module, name = 'recorded', 'RecordedRunner'
    elif path.suffix in SUFFIXES:
        module, name = SUFFIXES[path.suffix]
    else:
        raise DeployError(f'artefact {path}: expected a folder of outputs or a suffix out of {", ".join(SUFFIXES)}')
    return getattr(importlib.import_module(f'{__package__}.{module}'), name)(path, threads)
