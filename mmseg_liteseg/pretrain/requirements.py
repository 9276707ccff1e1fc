"""What pretraining needs beyond segmentation, asked for in words before mmpretrain stumbles over it."""

from __future__ import annotations

import importlib

import torch

from mmseg_liteseg.errors import LiteSegError


class MissingPackageError(LiteSegError):
    """A package that is not there, or that does not fit the others; the message says what to install."""


def require_mmpretrain() -> None:
    """Imports what pretraining is built on.

    Raises:
        MissingPackageError: torchvision or mmpretrain is not installed, or cannot be imported.
    """
    for name, remedy in (('torchvision', _fitting_torchvision()), ('mmpretrain', "pip install 'mmseg_liteseg[onedl]'")):
        try:
            importlib.import_module(name)
        except Exception as error:  # a torchvision of another torch raises RuntimeError, AttributeError or OSError
            if isinstance(error, ModuleNotFoundError) and error.name == name:
                raise MissingPackageError(f'pretraining needs {name}, which is not installed: {remedy}') from error
            reason = f'{type(error).__name__}: {error}'.splitlines()[0][:120]
            raise MissingPackageError(
                f'pretraining needs {name}, and the one installed cannot be imported ({reason}): {remedy}'
            ) from error


def _fitting_torchvision() -> str:
    """How to install the release that belongs to this torch: 0.14 to torch 1.13, 0.15 to 2.0, 0.28 to 2.13."""
    major, minor = (int(part) for part in torch.__version__.split('.')[:2])
    return f"pip install 'torchvision==0.{minor + (15 if major > 1 else 1)}.*', the one for torch {torch.__version__}"
