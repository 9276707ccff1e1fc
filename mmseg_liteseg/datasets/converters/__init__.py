"""Turn published data sets into the folders MMSegmentation reads. `tools/dataset_converters` holds the commands."""

from __future__ import annotations

from .camvid import convert_camvid
from .errors import ConversionError

__all__ = ['ConversionError', 'convert_camvid']
