"""Reads configs for the tools, so that what is wrong with one is said in one line."""

from __future__ import annotations

import os
from typing import Any, Callable

from mmengine.config import Config

from .errors import LiteSegError, SettingError
from .inheritance import install

install(Config)  # where the package is not installed, and Python did not do it at its start


def read_config(
    path: str | os.PathLike,
    options: dict[str, Any] | None = None,
    kind: type = SettingError,
    prepare: Callable[[Config], Any] | None = None,
) -> Config:
    """Reads a config and overrides settings in it.

    Args:
        path: Of the file.
        options: Settings, by their names with dots.
        kind: Of the error.
        prepare: Changes the config as the file has it, before the options.

    Raises:
        LiteSegError: (of this kind) there is no such file, it fails when it is run as Python, or it does not fit its
            bases; names the file and the reason.

    Example:
        >>> read_config('gone.py')
        Traceback (most recent call last):
        ...
        mmseg_liteseg.errors.SettingError: config gone.py: no such file
    """
    path = os.path.expanduser(path)
    if not os.path.isfile(path):
        raise kind(f'config {path}: no such file')
    try:
        cfg = Config.fromfile(path)
        # between the file and the options, where it can tell one from the other
        if prepare is not None:
            prepare(cfg)
        cfg.merge_from_dict(options or {})
    except (LiteSegError, OSError):
        raise
    except Exception as error:  # a config is a program: it fails in as many ways
        reason = ' '.join(str(error).split())[:300]
        raise kind(f'config {path}: cannot be read ({type(error).__name__}: {reason})') from error
    return cfg
