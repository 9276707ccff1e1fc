"""Errors of the deployment tools."""

from __future__ import annotations

import importlib
from types import ModuleType

from mmseg_liteseg.errors import LiteSegError


class DeployError(LiteSegError):
    """An input, an artefact or an environment that cannot work; the message names it and says what was expected."""


def require(module: str, package: str, purpose: str) -> ModuleType:
    """Imports an optional library.

    Args:
        module: What to import.
        package: What to install, as pip spells it.
        purpose: What it is needed for.

    Raises:
        DeployError: it is not installed; the message says how to get it.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        reason = '' if isinstance(error, ModuleNotFoundError) and error.name == module.split('.')[0] else f' ({error})'
        raise DeployError(f'{purpose} needs {package}, which is not installed{reason}: pip install {package}') from None
