"""Chooses the runtime by a file's suffix."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any, Mapping

from ..errors import DeployError
from ..fields import brief, check_path, check_whole
from .base import Runner

SUFFIXES = {
    '.onnx': ('ort', 'OnnxRuntimeRunner'),
    '.xml': ('ov', 'OpenVinoRunner'),
    '.pt': ('torchscript', 'TorchScriptRunner'),
    '.param': ('ncnn_net', 'NcnnRunner'),
    '.engine': ('trt', 'TensorRTRunner'),
    '.plan': ('trt', 'TensorRTRunner'),
}


def open_artefact(
    path: str | Path,
    threads: int = 0,
    device: str | None = None,
    options: Mapping[str, str] | None = None,
    streams: int = 1,
) -> Runner:
    """Opens a model file, or a folder of recorded outputs.

    Args:
        path: ``.onnx``, OpenVINO's ``.xml``, TorchScript's ``.pt``, ncnn's ``.param``, TensorRT's ``.engine`` or
            ``.plan``, or a folder of outputs recorded on another machine (see ``RecordedRunner``).
        threads: Of the runtime; 0 leaves it to the runtime.
        device: An execution provider of onnxruntime, such as ``CUDAExecutionProvider`` or ``cuda:1`` for the second of
            its devices, or a device of OpenVINO, such as ``GPU`` or ``GPU.1``; the CPU by default.
        options: Of the runtime, by its own names: of onnxruntime's execution provider, or of its session
            (``session.NAME``); OpenVINO's properties, such as ``INFERENCE_PRECISION_HINT``.
        streams: Callers that will run it at the same time, of onnxruntime and OpenVINO: they share the threads.

    Raises:
        DeployError: no such file, an unknown suffix, a broken file, the runtime is not installed, or the device is not
            there.
    """
    path = check_path('artefact', path)
    options = check_settings(threads, device, options, streams)
    if not path.exists():
        raise DeployError(f'artefact {path}: no such file')
    if path.is_dir():
        module, name = 'recorded', 'RecordedRunner'
    elif path.suffix in SUFFIXES:
        module, name = SUFFIXES[path.suffix]
    else:
        raise DeployError(f'artefact {path}: expected a folder of outputs or a suffix out of {", ".join(SUFFIXES)}')
    # late: each runtime is an optional package
    kind = getattr(importlib.import_module(f'{__package__}.{module}'), name)
    wanted = (('device', device), ('options', options), ('streams', None if streams == 1 else streams))
    given = {key: value for key, value in wanted if value is not None}
    if given and module not in ('ort', 'ov'):
        name, value = next(iter(given.items()))
        raise DeployError(f'{name} {value}: can be chosen for .onnx and .xml only, not for {path.name}')
    return kind(path, threads, **given)


def check_settings(threads: Any, device: Any, options: Any, streams: Any) -> dict[str, str] | None:
    """The settings of ``open_artefact``; gives its options as texts.

    Raises:
        DeployError: one is of another type.
    """
    check_whole('threads', threads, 0)  # 0: as many as the runtime likes
    check_whole('streams', streams, 1)
    if device is not None and not isinstance(device, str):
        raise DeployError(f'device: expected a name, got {brief(device)}')
    if options is None:
        return None
    plain = (str, int, float)
    if not isinstance(options, Mapping) or not all(
        isinstance(key, str) and isinstance(value, plain) for key, value in options.items()
    ):
        raise DeployError(f'options: expected names and values of the runtime, got {brief(options)}')
    return {key: str(value) for key, value in options.items()}
