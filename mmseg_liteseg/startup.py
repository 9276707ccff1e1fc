"""What has to be ready before anything imports our registry: run at the start of every interpreter of the environment.

``_base_ = 'mmseg_liteseg::...'`` is read before any type of ours is looked up, by tools that never import this package,
and mmengine has no entry point for plugins: the names of packages stand in a table of its own. So the wheel and the
editable install carry ``mmseg_liteseg_startup.pth``, whose one line imports this module; uninstalling removes both. All
that happens then is that a finder is put in front of ``sys.meta_path``, which compares names (under a microsecond per
import) and does nothing for any but two of them. Nothing is imported here: not even typing, which takes milliseconds.
"""

from __future__ import annotations

import os
import sys


def _inherit(module: object) -> None:
    from .inheritance import install

    install(module.Config)


def _quiet_mim(module: object) -> None:
    """Of mim: it runs our tools as processes and puts a traceback of its own under the line by which one failed."""
    previous = sys.excepthook

    def excepthook(kind: type, error: BaseException, trace: object) -> None:
        command = getattr(error, 'cmd', None) if kind.__name__ == 'CalledProcessError' else None
        if not isinstance(command, (list, tuple)) or not any(map(_is_ours, command)):
            previous(kind, error, trace)

    sys.excepthook = excepthook


def _is_ours(path: object) -> bool:
    """Whether it is a tool of this package, in its own folder or in the copy in its .dist-info."""
    folders = str(path).split(os.sep)
    return '.mim' in folders and any(name.startswith('mmseg_liteseg') for name in folders)


_AFTER_IMPORT = {'mmengine.config.config': _inherit, 'mim.cli': _quiet_mim}


class _Finder:
    """Lets the other finders find a module, and adds to its execution what has to follow it."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> object:
        """A spec for the modules that are waited for; None, which leaves it to the others, for all else."""
        follow = _AFTER_IMPORT.get(name)
        if follow is None:
            return None
        others = (finder for finder in sys.meta_path if finder is not _Finder)
        spec = next(filter(None, (finder.find_spec(name, path, target) for finder in others)), None)
        if spec is not None and spec.loader is not None:
            run = spec.loader.exec_module

            def exec_module(module: object) -> None:
                run(module)
                follow(module)

            spec.loader.exec_module = exec_module  # the loader is this module's own
        return spec


def install() -> None:
    """Waits for the imports of mmengine's configs and of mim."""
    if _Finder not in sys.meta_path:
        sys.meta_path.insert(0, _Finder)


install()
