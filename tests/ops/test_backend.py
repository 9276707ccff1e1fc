import sys
from types import SimpleNamespace

import pytest

from mmseg_liteseg.ops.backend import has_triton


@pytest.fixture(autouse=True)
def fresh():
    has_triton.cache_clear()
    yield
    has_triton.cache_clear()


@pytest.mark.parametrize(('version', 'expected'), [('2.3.1', False), ('3.0.0', True), ('3.7.0+git1a2b', True)])
def test_version(monkeypatch, version, expected):
    monkeypatch.setitem(sys.modules, 'triton', SimpleNamespace(__version__=version))
    assert has_triton() is expected


def test_without_triton(monkeypatch):
    monkeypatch.setitem(sys.modules, 'triton', None)
    assert not has_triton()
