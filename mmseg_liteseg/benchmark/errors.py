"""The benchmark's own error."""

from __future__ import annotations

from mmseg_liteseg.errors import LiteSegError


class BenchmarkError(LiteSegError):
    """Something the user can mend: a name, a missing package, a file. The message is one line."""
