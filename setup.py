"""The build steps that setup.cfg cannot express: configs and tools travel inside the package, where mim looks for them.

mim reads ``mmseg_liteseg/.mim/{configs,tools,model-index.yml}``. A regular build gets copies, an editable one links, so
that edits show at once. A wheel holds a second copy in its ``.dist-info``: onedl-mim takes the first folder that the
installed file list names for the package, and ``mmseg_liteseg-X.dist-info`` sorts before ``mmseg_liteseg``.
"""

import os
import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

try:
    from setuptools.command.editable_wheel import editable_wheel
except ImportError:  # setuptools before 64 makes no such wheels
    editable_wheel = object

try:
    from setuptools.command.bdist_wheel import bdist_wheel
except ImportError:  # setuptools before 70.1
    from wheel.bdist_wheel import bdist_wheel

ROOT = Path(__file__).resolve().parent
PACKAGE = 'mmseg_liteseg'
MIM_ITEMS = ('configs', 'tools', 'model-index.yml')
STARTUP = 'mmseg_liteseg_startup.pth'  # see mmseg_liteseg/startup.py


def copy_item(source, target):
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns('__pycache__', '*.py[cod]', '.DS_Store'))
    else:
        shutil.copy2(source, target)


def link_item(source, target):
    try:
        target.symlink_to(os.path.relpath(source, target.parent), target_is_directory=source.is_dir())
    except OSError:  # a file system or an account without links
        copy_item(source, target)


def fill_mim_folder(parent, place):
    """Makes ``parent/.mim`` anew: what an earlier build left there may be of another state of the tree."""
    folder = Path(parent) / '.mim'
    if folder.is_symlink():
        folder.unlink()
    elif folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    for name in MIM_ITEMS:
        place(ROOT / name, folder / name)


class BuildPyWithMim(build_py):
    def run(self):
        super().run()
        if getattr(self, 'editable_mode', False):
            fill_mim_folder(ROOT / PACKAGE, link_item)
        else:
            fill_mim_folder(Path(self.build_lib) / PACKAGE, copy_item)
            copy_item(ROOT / STARTUP, Path(self.build_lib) / STARTUP)


class EditableWithStartup(editable_wheel):
    def _run_build_commands(self, dist_name, unpacked_wheel, *args, **kwargs):
        copy_item(ROOT / STARTUP, Path(unpacked_wheel) / STARTUP)
        return super()._run_build_commands(dist_name, unpacked_wheel, *args, **kwargs)


class WheelWithMim(bdist_wheel):
    def write_wheelfile(self, wheelfile_base, *args, **kwargs):
        super().write_wheelfile(wheelfile_base, *args, **kwargs)
        # mim follows an editable install to the source tree by itself; copies would only go stale.
        if 'editable_wheel' not in self.distribution.commands:
            fill_mim_folder(wheelfile_base, copy_item)


commands = {'build_py': BuildPyWithMim, 'bdist_wheel': WheelWithMim}
if editable_wheel is not object:
    commands['editable_wheel'] = EditableWithStartup
setup(cmdclass=commands)
