"""Errors of the commands that train and test."""

from __future__ import annotations

from mmseg_liteseg.errors import LiteSegError


class LaunchError(LiteSegError):
    """A command line or a file that cannot work; the message names it and says what was expected."""
