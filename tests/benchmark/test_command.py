"""tools/benchmark.py from its arguments on."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from mmseg_liteseg.benchmark import case, command
from tests.helpers import REPO
from tools import benchmark


@pytest.fixture(autouse=True)
def _keep_logging(monkeypatch):
    monkeypatch.setattr('mmseg_liteseg.benchmark.session.quiet', lambda: None)


def test_a_run(tiny, tmp_path, capsys):
    benchmark.main(
        [f'{tiny.config}@32x64', '--tasks', 'labels', '--rounds', '1', '--pause', '0', '--threads', '1', '--out',
         str(tmp_path / 'a')]
    )  # fmt: skip
    results = json.loads((tmp_path / 'a.json').read_text())
    assert [line['key'] for line in results['lines']] == ['tiny@32x64 labels eager fp32 b1 cpu']
    assert str(tmp_path) not in results['command']
    assert '| tiny | 32x64 | labels |' in capsys.readouterr().out


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        ([], 'expected models, --preset or --data'),
        (['PP-LiteSeg-X'], 'no such config'),
        (['PP-LiteSeg-T', '--size', '512'], 'HEIGHTxWIDTH'),
        (['PP-LiteSeg-T', '--preset', 'cpu'], 'not both'),
        (['--preset', 'gpu'], 'expected one of'),
        (['PP-LiteSeg-T', '--rounds', '0'], '--rounds 0'),
        (['PP-LiteSeg-T', '--paddle', 'python'], 'expected both or none'),
        (['PP-LiteSeg-T', '--checkpoint', 'a.pth'], '--checkpoint a.pth: expected KEY=VALUE'),
        (['PP-LiteSeg-T', '--tasks', 'train', '--runtimes', 'openvino'], 'no runtime that was named'),
    ],
)
def test_bad_arguments(arguments, words, capsys):
    with pytest.raises(SystemExit) as caught:
        benchmark.main(arguments)
    assert caught.value.code == 2
    assert words in capsys.readouterr().err.splitlines()[-1]


def test_choices_are_those_of_the_package():
    assert tuple(case.TASKS) == benchmark.TASKS
    assert case.RUNTIMES == benchmark.RUNTIMES


def test_help_is_fast_and_has_examples():
    code = (
        "import sys; sys.argv[1:] = ['--help']; from tools.benchmark import main\n"
        "try:\n    main()\nfinally:\n    assert 'torch' not in sys.modules"
    )
    environment = {**os.environ, 'COLUMNS': '120'}
    result = subprocess.run(
        [sys.executable, '-c', code], cwd=REPO, stdout=subprocess.PIPE, text=True, env=environment, check=False
    )
    assert result.returncode == 0
    assert '--preset h200 --device cuda' in result.stdout


def test_folders_of_this_machine_stay_out():
    text = 'python tools/benchmark.py --paddle /home/me/venv/bin/python --out=/tmp/a/b docs/x @512x1024'
    assert command.hide_folders(text) == 'python tools/benchmark.py --paddle bin/python --out=a/b docs/x @512x1024'
