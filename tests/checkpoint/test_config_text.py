import pytest
from mmengine.config import Config

from mmseg_liteseg.checkpoint.config_text import check_config_texts
from mmseg_liteseg.checkpoint.errors import UnsafeCheckpointError
from tests.helpers import REPO


def checkpoints(text):
    yield dict(meta=dict(cfg=text))
    yield dict(meta=dict(config=text))
    yield dict(message_hub=dict(runtime_info=dict(cfg=text)))


def test_dumps_of_our_configs_pass():
    for path in sorted((REPO / 'configs/ppliteseg').glob('*.py'))[:2]:
        for checkpoint in checkpoints(Config.fromfile(path).pretty_text):
            check_config_texts(checkpoint)


@pytest.mark.parametrize(
    'text',
    [
        '',
        '# a comment\n"""words"""\na = None',
        "a = dict(b=[1, -2.5, 'x', (True, None)], c={'d': {1}}, e=float('inf'), **{'f': slice(1, 2)})",
        'not python at all: mmengine cannot run it either (',
    ],
)
def test_data_passes(text):
    for checkpoint in checkpoints(text):
        check_config_texts(checkpoint)


@pytest.mark.parametrize(
    'text',
    [
        'import os',
        'a = 1\nopen("x", "w")',
        'a = dict(b=__import__("os").system("true"))',
        'a = [x for x in ()]',
        'a = (lambda: 1)()',
        'a = dict.fromkeys([])',
        'a = dict(b=dict)',
        'a = f"{open}"',
        'a = b',
        'a.b = 1',
        '_base_ = "other.py"',
        'if True:\n    a = 1',
        'a: int = 1',
        'def f():\n    pass',
        'with read_base():\n    from .x import *',
        'a = (b := 1)',
    ],
)
def test_programs_are_refused_with_the_line(text):
    for checkpoint in checkpoints(text):
        with pytest.raises(UnsafeCheckpointError, match=rf'program, not data \(.*line {2 if "open(" in text else 1}'):
            check_config_texts(checkpoint)


@pytest.mark.parametrize('checkpoint', [None, [], {}, dict(meta=None), dict(meta=dict(cfg=3)), dict(message_hub=[])])
def test_other_contents_pass(checkpoint):
    check_config_texts(checkpoint)
