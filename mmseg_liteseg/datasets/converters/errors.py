"""The one exception a converter raises for bad input."""

from __future__ import annotations

from mmseg_liteseg.errors import LiteSegError


class ConversionError(LiteSegError):
    """The source is not what the converter expects; the message names the file and what was expected."""
