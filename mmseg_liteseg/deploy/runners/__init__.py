"""Artefacts run in their own runtimes: ``open_artefact(path)(images)``."""

from .base import Runner
from .find import SUFFIXES, open_artefact

__all__ = ['SUFFIXES', 'Runner', 'open_artefact']
