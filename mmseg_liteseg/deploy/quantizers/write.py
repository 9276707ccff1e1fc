"""Chooses the library that quantises a format."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Iterable

import numpy as np

from ..fields import check_choice
from ..metadata import Metadata
from .options import QuantizeOptions

_MODULES = dict(onnx='by_onnxruntime', openvino='by_nncf')
KINDS = tuple(_MODULES)


def write_integer(
    kind: str, path: Path, stem: Path, inputs: Iterable[np.ndarray], metadata: Metadata, options: QuantizeOptions
) -> tuple[list[Path], list[str]]:
    """Writes a float model in INT8.

    Args:
        kind: Out of KINDS.
        path: The float model.
        stem: Of the INT8 files, without suffix.
        inputs: What the model is calibrated on, one array at a time.
        metadata: Of the float model; the quantisation is noted there.
        options: How to quantise.

    Returns:
        The files, the one to open first, and the names of the convolutions that stay in float.

    Raises:
        DeployError: a library is missing, or OpenVINO answers wrongly at other sizes than one.
    """
    check_choice('format', kind, KINDS)
    module = importlib.import_module(f'{__package__}.{_MODULES[kind]}')
    return module.write(path, stem, inputs, metadata, options)
