"""The one exception a converter raises for bad input."""

from __future__ import annotations


class ConversionError(ValueError):
    """The source is not what the converter expects; the message names the file and what was expected."""
