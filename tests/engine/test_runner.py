"""Our configs through mmsegmentation's own tools/train.py, as `mim train mmseg CONFIG` starts it."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import mmseg
import pytest

from tests.helpers import forget_runs

from .conftest import Killed, assert_equal, newest

TOOL = Path(mmseg.__file__).parent / '.mim/tools/train.py'


@pytest.mark.skipif(not TOOL.is_file(), reason='this mmseg brings no tools')
def test_a_training_of_the_hosts_tool_is_killed_and_resumed(project, tmp_path, monkeypatch):
    whole = project.train('whole')

    def train(*arguments, **options):
        forget_runs()
        config = tmp_path / 'host.py'
        project.config_of('of the host', **options).dump(config)
        monkeypatch.setattr(sys, 'argv', [str(TOOL), str(config), *arguments])
        runpy.run_path(str(TOOL), run_name='__main__')

    with pytest.raises(Killed):
        train(kill=('after_train_iter', 5))
    work = project.folder / 'of the host'
    half = work / '.iter_6.pth.77.part'
    half.write_bytes(b'begun')
    (work / 'iter_4.pth').write_bytes((work / 'iter_4.pth').read_bytes()[:1000])
    train('--resume')
    assert_equal(newest(work), newest(whole))
    assert sorted(path.name for path in work.glob('*.pth')) == sorted(path.name for path in whole.glob('*.pth'))
    assert not half.exists()
