"""Imports of the hosts without complaints, which wait for the log."""

import os
import re
import subprocess
import sys

import pytest

from mmseg_liteseg import noise
from mmseg_liteseg.noise import import_quietly, is_quiet
from tests.helpers import REPO

SAYS = """
import warnings
print('Could not import OneDL')
print('labels look wrong')
warnings.warn('pkg_resources is deprecated as an API')
warnings.warn('labels look worse')
"""


def test_only_what_begins_like_noise_is_noise():
    assert is_quiet('"FileClient" will be deprecated in future.')
    assert not is_quiet('weights: Config:\n are missing')
    assert not is_quiet('')


def test_complaints_are_kept_and_news_are_shown(tmp_path, monkeypatch, capsys):
    (tmp_path / 'complaining.py').write_text(SAYS)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(noise, 'complaints', [])
    with pytest.warns(UserWarning, match='labels look worse') as warned:
        import_quietly('complaining', 'is.not.there')
    assert len(warned) == 1
    assert capsys.readouterr().out == 'labels look wrong\n'
    assert noise.complaints == ['pkg_resources is deprecated as an API', 'Could not import OneDL']


def test_this_package_is_imported_in_silence():
    """In a process of its own, where the hosts are not imported yet."""
    code = 'import mmseg_liteseg.engine.launch, mmseg_liteseg.deploy.export, mmseg_liteseg.benchmark.command'
    environment = {**os.environ, 'PYTHONPATH': str(REPO)}
    done = subprocess.run([sys.executable, '-c', code], env=environment, capture_output=True, text=True, check=True)
    said = done.stdout + done.stderr  # matplotlib may tell of its fonts
    assert not [pattern for pattern in noise.COMPLAINTS if re.search(pattern, said)]
