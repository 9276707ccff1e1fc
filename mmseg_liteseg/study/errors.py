"""The study's own error."""

from __future__ import annotations


class StudyError(ValueError):
    """Something the user can mend: a name, a folder, a file of another run. The message is one line."""
