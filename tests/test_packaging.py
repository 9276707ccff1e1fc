"""What is shipped: the wheel is installed outside the repository and trains from there, as mim finds it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

from tests.helpers import REPO

CONFIG = 'ppliteseg_stdc1_1xb4-1200_synthetic-144x192.py'
SHIPPED = ('configs', 'tools')
STARTUP = 'mmseg_liteseg_startup.pth'
PROJECT_FILES = (
    STARTUP,
    'setup.cfg',
    'setup.py',
    'pyproject.toml',
    'MANIFEST.in',
    'LICENSE',
    'README.md',
    'model-index.yml',
)


def run(command, **options):
    """Runs a command; its whole output is the message if it fails."""
    environment = {key: value for key, value in os.environ.items() if key not in ('PYTHONPATH', 'PYTEST_ADDOPTS')}
    done = subprocess.run(
        [str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment, **options
    )
    text = done.stdout.decode()
    assert done.returncode == 0, text[-3000:]
    return text


def build(source, kind, target):
    """Runs one of the build backend's own steps: wheel, sdist or editable."""
    target.mkdir(exist_ok=True)
    code = f'from setuptools import build_meta; print(build_meta.build_{kind}({str(target)!r}))'
    return target / run([sys.executable, '-W', 'ignore', '-c', code], cwd=source).split()[-1]


def copy_source(target):
    ignore = shutil.ignore_patterns('__pycache__', '.mim')
    for name in ('configs', 'tools', 'mmseg_liteseg', 'requirements'):
        shutil.copytree(REPO / name, target / name, ignore=ignore)
    for name in PROJECT_FILES:
        if (REPO / name).exists():
            shutil.copy2(REPO / name, target)
    return target


def shipped_files():
    files = [path for name in SHIPPED for path in (REPO / name).rglob('*') if path.is_file()]
    return {str(path.relative_to(REPO)) for path in files if '__pycache__' not in path.parts} | {'model-index.yml'}


@pytest.fixture(scope='module')
def source(tmp_path_factory):
    return copy_source(tmp_path_factory.mktemp('source'))


@pytest.fixture(scope='module')
def wheel(source, tmp_path_factory):
    return build(source, 'wheel', tmp_path_factory.mktemp('wheel'))


@pytest.fixture(scope='module')
def installed(wheel, tmp_path_factory):
    """Interpreter of an environment outside the repository: the wheel, and the running environment's other packages."""
    folder = tmp_path_factory.mktemp('clean')
    run([sys.executable, '-m', 'venv', '--without-pip', folder / 'venv'])
    python = folder / 'venv/bin/python'
    code = 'import sysconfig; print(sysconfig.get_path("purelib"))'
    site_packages = Path(run([python, '-c', code]).strip())
    (site_packages / 'others.pth').write_text(sysconfig.get_path('purelib') + '\n')
    run([sys.executable, '-m', 'pip', '--python', python, 'install', '--no-deps', '--no-index', '-q', wheel])
    location = run([python, '-c', 'import mmseg_liteseg; print(mmseg_liteseg.__file__)'], cwd=folder).split()[-1]
    assert Path(location).parent.parent == site_packages
    return python


def test_wheel_carries_what_mim_needs_where_it_looks(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    info = next(name.split('/')[0] for name in names if '.dist-info/' in name)
    for place in ('mmseg_liteseg', info):
        found = {name.split('/.mim/')[1] for name in names if name.startswith(f'{place}/.mim/')}
        assert found == shipped_files()
    assert {name.split('/')[0] for name in names} == {'mmseg_liteseg', info, STARTUP}
    assert 'mmseg_liteseg/registry.py' in names


def test_requirements_leave_the_choice_of_the_stack(wheel):
    archive = zipfile.ZipFile(wheel)
    text = archive.read(next(name for name in archive.namelist() if name.endswith('.dist-info/METADATA'))).decode()
    metadata = Parser().parsestr(text)
    required = metadata.get_all('Requires-Dist')
    assert not [line for line in required if re.match(r'(onedl|mm|open)', line) and 'extra ==' not in line]
    assert not [line for line in required if line.startswith('torch') and 'extra ==' not in line]
    assert {'onedl', 'openmmlab', 'dev', 'deploy', 'runtime'} <= set(metadata.get_all('Provides-Extra'))
    for extra, name in (('onedl', 'onedl-mmsegmentation'), ('openmmlab', 'mmsegmentation')):
        assert [line for line in required if re.match(rf'{name}\b', line) and f'"{extra}"' in line]


def test_sdist_builds_the_same_wheel(source, wheel, tmp_path):
    sdist = build(source, 'sdist', tmp_path / 'sdist')
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, **({'filter': 'data'} if hasattr(tarfile, 'data_filter') else {}))
    again = build(tmp_path / sdist.name[: -len('.tar.gz')], 'wheel', tmp_path / 'again')
    assert sorted(zipfile.ZipFile(again).namelist()) == sorted(zipfile.ZipFile(wheel).namelist())


def test_an_old_build_leaves_nothing_behind(source, tmp_path):
    copy = tmp_path / 'copy'
    shutil.copytree(source, copy)
    (copy / 'configs/gone.py').write_text('')
    build(copy, 'wheel', tmp_path / 'first')
    (copy / 'configs/gone.py').unlink()
    names = zipfile.ZipFile(build(copy, 'wheel', tmp_path / 'second')).namelist()
    assert not [name for name in names if name.endswith('gone.py')]


def test_editable_install_links_to_the_sources(source, tmp_path):
    copy = tmp_path / 'copy'
    shutil.copytree(source, copy)
    wheel = build(copy, 'editable', tmp_path / 'wheel')
    names = zipfile.ZipFile(wheel).namelist()
    assert not [name for name in names if '.mim' in name]
    assert STARTUP in names
    for name in ('configs', 'tools', 'model-index.yml'):
        assert (copy / 'mmseg_liteseg/.mim' / name).resolve() == (copy / name).resolve()
        assert (copy / 'mmseg_liteseg/.mim' / name).is_symlink()
    # A wheel that is built later from the same tree holds files, not the links.
    assert {name for name in zipfile.ZipFile(build(copy, 'wheel', tmp_path)).namelist() if name.endswith(CONFIG)} == {
        f'{place}/.mim/configs/ppliteseg/{CONFIG}' for place in ('mmseg_liteseg', 'mmseg_liteseg-0.1.0.dist-info')
    }


def test_mim_finds_and_trains_the_installed_package(installed, tmp_path):
    pytest.importorskip('mim')
    text = run([installed, '-m', 'mim', 'search', 'mmseg_liteseg', '--valid-config'], cwd=tmp_path)
    assert CONFIG[: -len('.py')] in text
    options = ['train_cfg.max_iters=1', 'train_dataloader.batch_size=2']
    options += [f'train_dataloader.{setting}' for setting in ('num_workers=0', 'persistent_workers=False')]
    command = ['train', 'mmseg_liteseg', CONFIG, '--work-dir', tmp_path / 'work', '--cfg-options', *options]
    text = run([installed, '-m', 'mim', *command], cwd=tmp_path)
    assert 'Training finished successfully' in text
    assert not re.search(rf'{re.escape(str(REPO))}/(mmseg_liteseg|tools|configs)', text)
    assert (tmp_path / 'work/iter_1.pth').is_file()


def pins(stack):
    """Distribution, normalised as PEP 503 has it, -> version."""
    text = (REPO / f'requirements/constraints-{stack}.txt').read_text()
    found = re.findall(r'^([\w.-]+)==(\S+)$', text, re.MULTILINE)
    return {re.sub(r'[-_.]+', '-', name).lower(): version for name, version in found}


def test_the_two_stacks_differ_in_their_own_packages_alone():
    """What is added to one is added to the other: the suite runs in both."""
    onedl, classic = pins('onedl'), pins('openmmlab')
    own = {'mmcv', 'mmengine', 'mmpretrain', 'mmsegmentation', 'openmim'}
    assert own <= set(classic)
    assert set(classic) - own == {name for name in onedl if not name.startswith('onedl-')}
    # openmim needs pkg_resources, which later releases no longer have
    assert {name for name in set(classic) - own if classic[name] != onedl[name]} == {'setuptools'}


def test_configs_inherit_from_the_installed_package_in_tools_of_others(installed, tmp_path):
    """Run by the startup file: nothing imports this package before the config is read."""
    (tmp_path / 'own.py').write_text("_base_ = 'mmseg_liteseg::ppliteseg/" + CONFIG + "'\n")
    code = (
        "from mmengine.config import Config; print(Config.fromfile('own.py', import_custom_modules=False).model.type)"
    )
    assert run([installed, '-c', code], cwd=tmp_path).split()[-1] == 'mmseg_liteseg.FastEncoderDecoder'


def test_the_last_line_under_mim_is_the_error(installed, tmp_path):
    pytest.importorskip('mim')
    (tmp_path / 'empty.py').write_text("_base_ = 'mmseg_liteseg::ppliteseg/nothing.py'\n")
    done = subprocess.run(
        [str(installed), '-m', 'mim', 'train', 'mmseg_liteseg', 'empty.py', '--work-dir', 'work'],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={key: value for key, value in os.environ.items() if key != 'PYTHONPATH'},
    )
    text = done.stdout.decode()
    assert done.returncode != 0
    assert text.strip().splitlines()[-1].startswith('error: mmseg_liteseg::ppliteseg/nothing.py: no such config'), text
    assert 'Traceback' not in text
