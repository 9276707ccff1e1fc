"""Without torchvision: segmentation is complete, and a pretraining command says what is missing."""

from __future__ import annotations

import ast
import sys

import pytest
import torch

from tests.helpers import REPO
from tests.tools.conftest import run_alone


@pytest.fixture
def without_torchvision(monkeypatch):
    """As on a machine where it is not installed."""
    monkeypatch.setitem(sys.modules, 'torchvision', None)
    for name in [name for name in sys.modules if name.startswith('mmseg_liteseg.pretrain')]:
        monkeypatch.delitem(sys.modules, name)
    yield
    # what the test imported is half of the package: those who come after begin anew
    for name in [name for name in sys.modules if name.startswith('mmseg_liteseg.pretrain')]:
        del sys.modules[name]


@pytest.mark.parametrize('config', sorted((REPO / 'configs/pretrain').glob('*.py')), ids=lambda path: path.stem)
def test_the_command_says_it_in_one_line(without_torchvision, config, capsys, tmp_path):
    from tools.train_classifier import main

    with pytest.raises(SystemExit) as stop:
        run_alone(main, [config, '--work-dir', tmp_path / 'work'])
    assert stop.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith('error: pretraining needs torchvision, which is not installed: pip install')
    assert torch.__version__ in line
    assert not (tmp_path / 'work').exists()


@pytest.mark.parametrize(('version', 'fitting'), [('1.13.1', '0.14.*'), ('2.0.1+cpu', '0.15.*'), ('2.13.0', '0.28.*')])
def test_the_release_that_fits_is_named(without_torchvision, monkeypatch, version, fitting):
    monkeypatch.setattr(torch, '__version__', version)
    with pytest.raises(ValueError, match=rf"pip install 'torchvision=={fitting}'".replace('*', r'\*')):
        import mmseg_liteseg.pretrain  # noqa: F401


def test_a_torchvision_that_cannot_be_imported_is_named(without_torchvision, monkeypatch, tmp_path):
    monkeypatch.delitem(sys.modules, 'torchvision')
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / 'torchvision.py').write_text("raise RuntimeError('operator torchvision::nms does not exist')")
    with pytest.raises(
        ValueError, match=r'cannot be imported \(RuntimeError: operator torchvision::nms does not exist'
    ):
        import mmseg_liteseg.pretrain  # noqa: F401


def imported_names(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ''
            yield from (alias.name for alias in node.names)


def test_nothing_but_pretraining_asks_for_it():
    asking = {
        path.relative_to(REPO).parts[:2]
        for folder in ('mmseg_liteseg', 'tools')
        for path in (REPO / folder).rglob('*.py')
        if any(name.split('.')[0] in ('torchvision', 'mmpretrain', 'pretrain') for name in imported_names(path))
        and '.mim' not in path.parts
    }
    assert asking == {('mmseg_liteseg', 'pretrain'), ('tools', 'train_classifier.py')}
