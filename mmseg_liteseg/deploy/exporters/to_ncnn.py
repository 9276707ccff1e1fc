"""ncnn through pnnx, which reads a TorchScript trace."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import torch

from ..errors import DeployError, require
from ..graph import DeployGraph
from ..metadata import KEY, Metadata
from .options import ExportOptions
from .tracing import quiet_tracing


def export(graph: DeployGraph, metadata: Metadata, options: ExportOptions, stem: Path) -> list[Path]:
    """Writes ``stem.ncnn.param`` and ``stem.ncnn.bin``, weights in float32."""
    pnnx = require('pnnx', 'pnnx', 'export to ncnn')
    param, weights = (stem.parent / f'{stem.name}.ncnn.{suffix}' for suffix in ('param', 'bin'))
    channels = len(metadata.interface.mean)
    # two sizes: what differs between them becomes dynamic
    shapes = [(1, channels, *size) for size in ([options.size] if options.size else [(90, 122), (128, 224)])]
    with tempfile.TemporaryDirectory(dir=stem.parent) as folder, quiet_tracing():
        trace = Path(folder) / 'model.pt'
        torch.jit.trace(graph, torch.rand(shapes[0]), check_trace=False).save(str(trace))
        keys = ('inputshape', 'inputshape2')
        arguments = [f'{key}=[{",".join(map(str, shape))}]f32' for key, shape in zip(keys, shapes)]
        # fp16=0: half the weights' digits would show in the comparison
        _run([pnnx.EXEC_PATH, trace.name, *arguments, 'fp16=0'], folder)
        (Path(folder) / 'model.ncnn.bin').replace(weights)
        (Path(folder) / 'model.ncnn.param').replace(param)
    with param.open('a', encoding='utf-8') as stream:
        stream.write(f'{KEY} {metadata.to_json()}\n')
    return [param, weights]


def _run(command: list[str], folder: str) -> None:
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if result.returncode or not (Path(folder) / 'model.ncnn.param').is_file():
        lines = (result.stderr or result.stdout).strip().splitlines()
        raise DeployError(f'pnnx failed with code {result.returncode}: {lines[-1] if lines else "no message"}')
