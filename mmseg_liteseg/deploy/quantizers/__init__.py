"""One module per library: ``write(path, stem, inputs, metadata, options)`` gives files and what stays in float."""

from .options import FLOAT_LAYERS, QuantizeOptions
from .write import KINDS, write_integer

__all__ = ['FLOAT_LAYERS', 'KINDS', 'QuantizeOptions', 'write_integer']
