"""Imports of the package's two storeys: see mmseg_liteseg/deploy/__init__.py."""

import re

import pytest

from tests.helpers import REPO

DEPLOY, RUNTIME = REPO / 'mmseg_liteseg/deploy', REPO / 'mmseg_liteseg/runtime'
IMPORT = re.compile(r'^\s*(?:from|import) ([\w.]+)', re.MULTILINE)


def imports(path):
    """Modules that a file imports from deploy and runtime, without the package's name."""
    package = '.'.join(path.relative_to(REPO).with_suffix('').parts[:-1])
    found = set()
    for name in IMPORT.findall(path.read_text(encoding='utf-8')):
        dots = len(name) - len(name.lstrip('.'))
        parts = package.split('.')
        full = '.'.join([*parts[: len(parts) - dots + 1], name[dots:]]) if dots else name
        found.add(full[len('mmseg_liteseg.') :] if full.startswith('mmseg_liteseg.') else full)
    return {name for name in found if name.startswith(('deploy', 'runtime'))}


def lower_storey():
    """Files of deploy that the runtime imports, and all that those import."""
    names = set().union(*(imports(path) for path in RUNTIME.glob('*.py')))
    files, open_ones = set(), {name for name in names if name.startswith('deploy.')}
    while open_ones:
        name = open_ones.pop()
        path = REPO / 'mmseg_liteseg' / name.replace('.', '/')
        for file in path.glob('*.py') if path.is_dir() else [path.with_suffix('.py')]:
            if file not in files:
                files.add(file)
                open_ones |= {other for other in imports(file) if other.startswith('deploy.')}
    return files


def test_the_lower_storey_knows_no_runtime():
    files = lower_storey()
    assert {DEPLOY / 'metadata.py', DEPLOY / 'steps.py', DEPLOY / 'runners/ort.py'} <= files
    assert not [file.name for file in files if any(name.startswith('runtime') for name in imports(file))]


@pytest.mark.parametrize('name', ['export', 'whole_way', 'score', 'quantize', 'source', 'graph'])
def test_what_makes_artefacts_is_no_part_of_it(name):
    assert DEPLOY / f'{name}.py' not in lower_storey()
