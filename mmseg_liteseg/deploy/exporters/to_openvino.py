"""OpenVINO's intermediate representation, from the ONNX export."""

from __future__ import annotations

import tempfile
from pathlib import Path

from ..errors import require
from ..graph import DeployGraph
from ..metadata import KEY, Metadata
from . import to_onnx
from .options import ExportOptions


def export(graph: DeployGraph, metadata: Metadata, options: ExportOptions, stem: Path) -> list[Path]:
    """Writes ``stem.xml`` and ``stem.bin``, weights in float32."""
    openvino = require('openvino', 'openvino', 'export to OpenVINO')
    path = stem.parent / f'{stem.name}.xml'
    with tempfile.TemporaryDirectory(dir=stem.parent) as folder:
        onnx_path = Path(folder) / 'model.onnx'
        # the plain trace: OpenVINO folds constants itself
        to_onnx.trace(graph, metadata.interface, options, onnx_path)
        model = openvino.convert_model(str(onnx_path))
        model.set_rt_info(metadata.to_json(), [KEY])
        openvino.save_model(model, str(path), compress_to_fp16=False)
    return [path, path.with_suffix('.bin')]
