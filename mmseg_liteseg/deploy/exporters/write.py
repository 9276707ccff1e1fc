"""Chooses the exporter of a format."""

from __future__ import annotations

import importlib
from pathlib import Path

from ..fields import check_choice
from ..graph import DeployGraph
from ..metadata import Metadata
from .options import ExportOptions

_MODULES = dict(onnx='to_onnx', openvino='to_openvino', torchscript='to_torchscript', ncnn='to_ncnn')


def write_artefact(kind: str, graph: DeployGraph, metadata: Metadata, options: ExportOptions, stem: Path) -> list[Path]:
    """Writes a model in one format.

    Args:
        kind: Out of FORMATS.
        graph: What to export.
        metadata: To put into the file.
        options: What was asked for.
        stem: Path without suffix.

    Returns:
        The files; the first one is the one to open.

    Raises:
        DeployError: a library that the format needs is not installed, or the export failed.
    """
    check_choice('format', kind, tuple(_MODULES))
    module = importlib.import_module(f'{__package__}.{_MODULES[kind]}')
    return module.export(graph, metadata, options, stem)
