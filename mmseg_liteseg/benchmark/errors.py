"""The benchmark's own error."""

from __future__ import annotations


class BenchmarkError(ValueError):
    """Something the user can mend: a name, a missing package, a file. The message is one line."""
