"""What goes wrong with files of weights."""

from __future__ import annotations

from mmseg_liteseg.errors import LiteSegError


class CheckpointFileError(LiteSegError):
    """A file does not hold what was expected: broken, hostile or of another kind. Names the file."""


class CheckpointMismatchError(CheckpointFileError):
    """A sound file that does not fit the model it is loaded into."""
