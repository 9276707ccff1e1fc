"""What reaches the screen, and what only the log file."""

import logging
import sys
import warnings

import pytest
from mmengine.logging import MMLogger

from mmseg_liteseg.engine.screen import Screen


@pytest.fixture
def screen(monkeypatch):
    def show(message, category, filename, lineno, file=None, line=None):
        print(f'{category.__name__}: {message}', file=sys.stderr)

    with warnings.catch_warnings():
        warnings.simplefilter('always')
        monkeypatch.setattr(warnings, 'showwarning', show)  # in place of pytest's collection
        yield Screen.open()


def make_logger(folder):
    """In the test itself, else its handler writes to the sys.stdout of another phase."""
    return MMLogger.get_instance('screen', log_file=str(folder / 'x.log'), log_level='INFO')


def read(logger):
    for handler in logger.handlers:
        handler.flush()
    with open(logger.log_file, encoding='utf-8') as file:
        return file.read()


DUMPS = [
    '\n' + 60 * '-' + '\nSystem environment:\n    Python: 3.11',
    'Config:\nmodel = dict()',
    'Hooks will be executed in the following order:\nbefore_run:',
    'Exp name: tiny_20260101',
]


@pytest.mark.parametrize('text', DUMPS)
def test_dumps_go_to_the_file_alone(screen, tmp_path, capsys, text):
    logger = make_logger(tmp_path)
    screen.attach(logger)
    logger.info(text)
    assert text.splitlines()[-1] in read(logger)
    assert text.splitlines()[-1] not in capsys.readouterr().out


@pytest.mark.parametrize(
    ('level', 'text'),
    [
        (logging.INFO, 'Iter(train) [  50/1200]  loss: 1.0'),
        (logging.INFO, 'per class results:\n+--+'),
        (logging.WARNING, 'the config has no test_evaluator'),
        (logging.ERROR, 'loss is NaN'),
    ],
)
def test_everything_else_is_shown(screen, tmp_path, capsys, level, text):
    logger = make_logger(tmp_path)
    screen.attach(logger)
    logger.log(level, text)
    assert text in capsys.readouterr().out
    assert text in read(logger)


def test_a_warning_that_matters_is_seen(screen, capsys):
    warnings.warn('labels look wrong')
    Screen.open()  # of another run in this process
    warnings.warn('labels still look wrong')
    warnings.warn('The draw is False, it means that')
    said = capsys.readouterr().err
    assert 'UserWarning: labels look wrong' in said
    assert said.count('UserWarning: labels still look wrong') == 1
    assert 'The draw' not in said


def test_complaints_wait_for_the_log(screen, tmp_path, capsys):
    warnings.warn('The draw is False, it means that the hook for visualization will not take effect')
    logger = make_logger(tmp_path)
    screen.attach(logger)
    warnings.warn('Default ``avg_non_ignore`` is False, if you would like to')
    said = capsys.readouterr()
    assert 'The draw' not in said.out + said.err
    assert 'avg_non_ignore' not in said.out + said.err
    text = read(logger)
    assert 'The draw is False' in text
    assert 'avg_non_ignore' in text
    assert str(logger.log_file) in said.out


def test_hosts_warnings_by_their_logger(screen, tmp_path, capsys):
    logger = make_logger(tmp_path)
    screen.attach(logger)
    logger.warning('The prefix is not set in metric class IoUMetric.')
    assert 'prefix' not in capsys.readouterr().out
    assert 'prefix' in read(logger)
