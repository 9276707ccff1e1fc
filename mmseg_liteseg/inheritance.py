"""``_base_ = 'mmseg_liteseg::ppliteseg/NAME.py'``: configs that inherit from ours, in any folder and any tool."""

from __future__ import annotations

import difflib
import functools
import importlib
from contextlib import suppress
from pathlib import Path
from typing import Any, Callable

from .errors import SettingError
from .two_places import settle

SCOPE = 'mmseg_liteseg'
_PACKAGE = Path(__file__).resolve().parent


def config_path(name: str) -> Path:
    """Where a config of this package is.

    Args:
        name: Within the folder of configs: ``ppliteseg/NAME.py``.

    Raises:
        FileNotFoundError: There is none; names those that are nearest.

    Example:
        >>> config_path('ppliteseg/ppliteseg_stdc1_4xb6-10k_camvid-720x960.py').name
        'ppliteseg_stdc1_4xb6-10k_camvid-720x960.py'
    """
    # installed, or run from a clone that was never installed
    folders = [folder for folder in (_PACKAGE / '.mim/configs', _PACKAGE.parent / 'configs') if folder.is_dir()]
    for folder in folders:
        if (folder / name).is_file():
            return folder / name
    known = [path.relative_to(folder).as_posix() for folder in folders[:1] for path in folder.rglob('*.py')]
    near = difflib.get_close_matches(name, known, 3, 0.3) or sorted(known)[:3]
    raise FileNotFoundError(f'{SCOPE}::{name}: no such config; there are {", ".join(near)}')


def install(config_class: type) -> None:
    """Teaches mmengine's Config to find ours.

    Through mmengine's own table of packages every dictionary of such a base would be marked to be built in our scope,
    which then fails wherever one is reused (``norm_cfg = _base_.norm_cfg``). Our configs write full names: no mark.

    Args:
        config_class: ``mmengine.config.Config``.
    """
    from mmengine.config.utils import MODULE2PACKAGE

    MODULE2PACKAGE.setdefault(SCOPE, SCOPE)  # get_config, get_model and MMSegInferencer by name
    MODULE2PACKAGE['mmseg'] = 'mmseg'  # the forks' distribution has another name than this table says
    host = config_class._get_cfg_path
    # installed at the start of Python and again by the registry: once is enough
    if getattr(host, 'scope', None) == SCOPE:
        return

    def find(cfg_path: str, filename: str) -> tuple[str, Any]:
        scope, separator, name = cfg_path.partition('::')
        return (str(config_path(name)), None) if separator and scope == SCOPE else host(cfg_path, filename)

    find.scope = SCOPE
    config_class._get_cfg_path = staticmethod(find)
    config_class.fromfile = staticmethod(_reading(config_class.fromfile))


def _reading(host: Callable) -> Callable:
    """``Config.fromfile`` that loads our registry with a config that names our types, before anything is built.

    Numbers that stand in two places are settled too: what scripts and command lines set is told from the files' own.

    MMSegInferencer reads the checkpoint first, and would read it as the host does: Paddle's not at all, others by
    running what they hold.
    """

    @functools.wraps(host)
    def fromfile(*args: Any, **kwargs: Any) -> Any:
        cfg = host(*args, **kwargs)
        with suppress(SettingError):  # said where a runner is made
            settle(cfg)
        imports = kwargs.get('import_custom_modules', args[2] if len(args) > 2 else True)
        if imports and f'{SCOPE}.' in cfg.text:
            with suppress(ImportError):  # of mmseg, without which such a config can be read, though not built
                importlib.import_module(f'{SCOPE}.registry')
        return cfg

    return fromfile
