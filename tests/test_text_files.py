"""Text that the package writes is read back under any locale: every place that opens text names its encoding."""

import ast

import pytest

from tests.helpers import REPO

FILES = [path for folder in ('mmseg_liteseg', 'tools') for path in sorted((REPO / folder).rglob('*.py'))]
# from which place on a call's arguments may hold the mode and the encoding
OPENERS = {'open': (1, 3), 'fdopen': (1, 3), 'read_text': (None, 0), 'write_text': (None, 1)}
METHODS = {'open': (0, 2)}  # of a path


def without_encoding(code):
    """Lines of calls that leave the encoding of text to the locale."""
    for call in (node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call)):
        is_method = isinstance(call.func, ast.Attribute)
        name = call.func.attr if is_method else getattr(call.func, 'id', None)
        module = getattr(getattr(call.func, 'value', None), 'id', None)
        if name not in OPENERS or (name == 'open' and is_method and not _opens_text(call, module)):
            continue
        mode, encoding = METHODS.get(name, OPENERS[name]) if is_method and name != 'fdopen' else OPENERS[name]
        modes = [k.value for k in call.keywords if k.arg == 'mode']
        modes += call.args[mode : mode + 1] if mode is not None else []
        binary = any(isinstance(value, ast.Constant) and 'b' in str(value.value) for value in modes)
        if not binary and len(call.args) <= encoding and not any(k.arg == 'encoding' for k in call.keywords):
            yield call.lineno


def _opens_text(call, module):
    """Of methods called open, a path's takes its mode first; os.open, Image.open and others are no such thing."""
    if module in ('os', 'Image', 'tarfile', 'zipfile', 'av', 'cls', 'Screen'):
        return False
    return not call.args or getattr(call.args[0], 'value', None) in ('r', 'w', 'a', 'x', 'r+', 'w+')


@pytest.mark.parametrize('line', ['open(p)', "open(p, 'w')", "path.open('a')", 'p.read_text()', 'a / b.write_text(t)'])
def test_found(line):
    assert list(without_encoding(line)) == [1]


@pytest.mark.parametrize(
    'line', ["open(p, 'rb')", "open(p, encoding='utf-8')", "p.open(mode='wb')", "p.read_text('utf-8')", 'Image.open(p)']
)
def test_fine(line):
    assert not list(without_encoding(line))


def test_everywhere():
    found = [f'{path.relative_to(REPO)}:{n}' for path in FILES for n in without_encoding(path.read_text('utf-8'))]
    assert not found
