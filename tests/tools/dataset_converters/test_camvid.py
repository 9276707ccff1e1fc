"""The command line of the CamVid converter."""

from __future__ import annotations

import runpy
import sys

import pytest

from tests.datasets.converters.test_camvid import make_segnet
from tests.helpers import REPO


def _run(monkeypatch, *args):
    monkeypatch.setattr(sys, 'argv', ['camvid.py', *map(str, args)])
    runpy.run_path(str(REPO / 'tools/dataset_converters/camvid.py'), run_name='__main__')


def test_smoke(monkeypatch, tmp_path, capsys):
    source = make_segnet(tmp_path / 'in', ('train', 'val'))
    _run(monkeypatch, source, '--out', tmp_path / 'out', '--size', 6, 8)
    printed = capsys.readouterr().out
    assert 'no test split' in printed
    assert f'4 pairs of 6 x 8 pixels in {tmp_path / "out"}' in printed
    assert (tmp_path / 'out/ann_dir/val/val_1.png').exists()


def test_exception_is_one_line(monkeypatch, tmp_path):
    with pytest.raises(SystemExit, match=r'^error: .*nowhere: no such file or folder$'):
        _run(monkeypatch, tmp_path / 'nowhere')


def test_help_has_an_example(monkeypatch, capsys):
    with pytest.raises(SystemExit):
        _run(monkeypatch, '--help')
    assert 'python tools/dataset_converters/camvid.py' in capsys.readouterr().out
