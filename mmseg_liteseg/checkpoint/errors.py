"""What goes wrong with files of weights."""

from __future__ import annotations

from mmseg_liteseg.errors import LiteSegError


class CheckpointFileError(LiteSegError):
    """A file does not hold what was expected: broken, hostile or of another kind. Names the file."""


class CheckpointMismatchError(CheckpointFileError):
    """A sound file that does not fit the model it is loaded into."""


class BrokenCheckpointError(CheckpointFileError):
    """A file that cannot be read; the cause says where reading ended."""


class UnsafeCheckpointError(CheckpointFileError):
    """A file that could only be read by running what it names. Says what that is and how to allow it."""


class CheckpointWriteError(LiteSegError):
    """A file could not be written; what was there before is whole. Names the file and the bytes it needs."""
