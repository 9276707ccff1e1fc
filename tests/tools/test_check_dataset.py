from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from tests.tools.conftest import run_alone
from tools.check_dataset import main


def run(*arguments):
    with pytest.raises(SystemExit) as stopped:
        run_alone(main, arguments)
    return stopped.value.code


def test_exit_status_and_files(tiny_config, tmp_path, capsys):
    assert run(tiny_config, '--work-dir', tmp_path, '--samples', '2') == 0
    assert (tmp_path / 'data_check/pictures.png').is_file()
    mask = tiny_config.parent / 'labels/town/2.png'
    Image.fromarray(np.full((64, 64), 37, np.uint8)).save(mask)
    assert run(tiny_config, '--work-dir', tmp_path, '--samples', '0') == 1
    assert f'{mask} (37)' in capsys.readouterr().out.replace('\n', '')
    assert json.loads((tmp_path / 'data_check/findings.json').read_text())['passed'] is False


def test_bad_command_lines_are_told_apart_from_bad_data(tmp_path, capsys):
    assert run(tmp_path / 'nowhere.py') == 2
    assert 'nowhere.py: no such file' in capsys.readouterr().err
