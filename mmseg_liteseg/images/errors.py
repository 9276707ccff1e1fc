"""What goes wrong with a file of a picture."""

from __future__ import annotations

from mmseg_liteseg.errors import DataError


class ImageFileError(DataError):
    """A file that is missing, is no picture, or holds something that cannot be used as asked; names the file."""
