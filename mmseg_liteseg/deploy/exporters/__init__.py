"""One module per target: ``export(graph, metadata, options, stem)`` writes the files and returns their paths."""

from .options import FORMATS, ExportOptions
from .write import write_artefact

__all__ = ['FORMATS', 'ExportOptions', 'write_artefact']
