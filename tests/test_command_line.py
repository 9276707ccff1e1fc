import json
import re

import pytest

from mmseg_liteseg.command_line import ToolParser, describe, fail, make_parser, one_line_errors
from mmseg_liteseg.errors import LiteSegError
from tests.helpers import REPO


def end_of(capsys, error, args=None):
    with pytest.raises(SystemExit) as stopped, one_line_errors(args):
        raise error
    return stopped.value.code, str(stopped.value), capsys.readouterr().err


@pytest.mark.parametrize(
    ('error', 'line'),
    [
        (LiteSegError('config x.py: no such file'), 'error: config x.py: no such file'),
        (LiteSegError('two\n  lines'), 'error: two lines'),
        (
            FileNotFoundError(2, 'No such file or directory', 'a.png'),
            "error: [Errno 2] No such file or directory: 'a.png'",
        ),
        (LiteSegError(), 'error: LiteSegError'),
    ],
)
def test_an_error_is_one_line_and_status_2(capsys, monkeypatch, error, line):
    monkeypatch.delenv('WORLD_SIZE', raising=False)
    assert end_of(capsys, error) == (2, line, f'{line}\n')


def test_ctrl_c_is_status_130(capsys):
    with pytest.raises(SystemExit) as stopped, one_line_errors(stopped='stopped: what is done is kept'):
        raise KeyboardInterrupt
    assert stopped.value.code == 130
    assert capsys.readouterr().err.splitlines()[-1] == 'stopped: what is done is kept'


@pytest.mark.parametrize('error', [KeyError('a fault of the code'), ValueError('of another library')])
def test_other_errors_keep_their_traceback(error):
    with pytest.raises(type(error)), one_line_errors():
        raise error


def test_debug_shows_where():
    args = ToolParser('A tool').parse_args(['--debug'])
    with pytest.raises(LiteSegError), one_line_errors(args):
        raise LiteSegError('config x.py: no such file')


@pytest.mark.parametrize(
    ('names', 'expected'),
    [
        (dict(RANK='2', WORLD_SIZE='8'), 'rank 2 of 8: error: x'),
        (dict(SLURM_PROCID='1', SLURM_NTASKS='2'), 'rank 1 of 2: error: x'),
        (dict(RANK='0', WORLD_SIZE='1'), 'error: x'),
    ],
)
def test_the_rank_is_named(capsys, monkeypatch, names, expected):
    for name, value in names.items():
        monkeypatch.setenv(name, value)
    assert end_of(capsys, LiteSegError('x'))[1] == expected


def test_torchrun_gets_the_message_for_its_summary(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv('TORCHELASTIC_ERROR_FILE', str(tmp_path / 'error.json'))
    end_of(capsys, LiteSegError('label 37 in a.png'))
    assert 'label 37 in a.png' in json.loads((tmp_path / 'error.json').read_text())['message']['message']


def test_fail_takes_a_status(capsys):
    with pytest.raises(SystemExit) as stopped:
        fail('two failed', 1)
    assert (stopped.value.code, str(stopped.value)) == (1, 'error: two failed')
    assert capsys.readouterr().err == 'error: two failed\n'


def test_describe_an_error_of_a_worker():
    text = 'Caught OSError in DataLoader worker process 0.\nOriginal Traceback (most recent call last):\n  File "x"\n'
    assert describe(OSError(f'{text}OSError: a.png is broken\n')) == 'a.png is broken'


def test_subcommands_have_debug_too():
    parser = ToolParser('A tool')
    parser.add_subparsers(dest='command').add_parser('list')
    assert parser.parse_args(['--debug', 'list']).debug
    assert parser.parse_args(['list', '--debug']).debug
    assert not hasattr(parser.parse_args(['list']), 'debug')


def test_make_parser():
    args = make_parser('A tool', 'example').parse_args(['x.py', '--cfg-options', 'a=1'])
    assert (args.config, args.cfg_options, args.launcher) == ('x.py', {'a': 1}, 'none')


@pytest.mark.parametrize('path', sorted((REPO / 'tools').rglob('*.py')), ids=lambda path: path.stem)
def test_every_tool_reports_its_errors_this_way(path):
    text = path.read_text()
    elsewhere = re.search(r'^from ([\w.]+) import main$', text, re.MULTILINE)
    if elsewhere:
        text = (REPO / f'{elsewhere.group(1).replace(".", "/")}.py').read_text()
    assert 'with one_line_errors(' in text


@pytest.mark.parametrize(
    ('cfg', 'line'),
    [
        (
            dict(type='mmseg_liteseg.STDCNett'),
            r'error: mmseg_liteseg\.STDCNett is not in the .* registry: it is misspelt',
        ),
        (
            dict(type='mmseg_liteseg.STDCNet', arc='x'),
            r"error: config: .*__init__\(\) got an unexpected keyword argument 'arc'",
        ),
        (dict(type='mmseg_liteseg.STDCNet', arch='x'), r'error: .*arch must be one of'),
    ],
)
def test_faults_of_a_config_that_only_building_finds(cfg, line):
    from mmseg_liteseg.registry import MODELS

    with pytest.raises(SystemExit, match=rf'^{line}'), one_line_errors():
        MODELS.build(cfg)


def test_the_same_types_of_errors_elsewhere_are_faults_of_the_code():
    with pytest.raises(TypeError), one_line_errors():
        describe()
    with pytest.raises(KeyError), one_line_errors():
        {}['x']
