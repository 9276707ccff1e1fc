"""The study's own error."""

from __future__ import annotations

from mmseg_liteseg.errors import LiteSegError


class StudyError(LiteSegError):
    """Something the user can mend: a name, a folder, a file of another run. The message is one line."""
