"""TorchScript by tracing."""

from __future__ import annotations

from pathlib import Path

import torch

from ..graph import DeployGraph
from ..metadata import KEY, Metadata
from .options import ExportOptions
from .tracing import example_input, quiet_tracing


def export(graph: DeployGraph, metadata: Metadata, options: ExportOptions, stem: Path) -> list[Path]:
    """Writes ``stem.pt``, frozen: weights are constants, and batch normalisation is part of the convolutions."""
    path = stem.parent / f'{stem.name}.pt'
    with quiet_tracing():
        # no check_trace: the artefact is compared with the model afterwards, at other sizes too
        module = torch.jit.trace(graph, example_input(metadata.interface, options), check_trace=False)
        module = torch.jit.freeze(module)
        torch.jit.save(module, str(path), _extra_files={f'{KEY}.json': metadata.to_json()})
    return [path]
