import os

import pytest

from mmseg_liteseg.checkpoint.pdparams import dumps_pdparams
from tests.checkpoint.builders import make_arrays, make_config
from tools.convert_paddle import main


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'x.pdparams').write_bytes(dumps_pdparams(make_arrays()))


def test_converts_and_reports(capsys):
    main(['x.pdparams', 'x.pth'])
    main(['x.pth', 'y.pdparams'])
    output = capsys.readouterr().out
    for words in ('STDC1', '19 classes', 'used', 'dropped', 'missing none', 'wrote x.pth', 'wrote y.pdparams'):
        assert words in output
    assert sorted(os.listdir()) == ['x.pdparams', 'x.pth', 'y.pdparams']


@pytest.mark.filterwarnings('ignore:Default ``avg_non_ignore``:UserWarning')
def test_errors_are_one_line_and_leave_nothing():
    make_config('stdc2').dump('config.py')
    before = sorted(os.listdir())
    for arguments, message in (
        (['x.pdparams', 'x.pth', '--config', 'config.py'], 'builds STDC2'),
        (['missing.pdparams', 'x.pth'], 'missing.pdparams is not a file'),
        (['x.pdparams', 'x.onnx'], 'can convert'),
    ):
        with pytest.raises(SystemExit, match=rf'(?s)^error: .*{message}'):
            main(arguments)
    assert sorted(os.listdir()) == before


def test_help_shows_an_example(capsys):
    with pytest.raises(SystemExit, match='0'):
        main(['--help'])
    assert 'python tools/convert_paddle.py model.pdparams' in capsys.readouterr().out
