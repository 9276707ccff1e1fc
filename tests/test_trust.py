import argparse

import pytest

from mmseg_liteseg.trust import TRUST_VARIABLE, add_trust_option, is_trusted


@pytest.mark.parametrize(('value', 'expected'), [('1', True), ('Yes', True), ('0', False), ('', False), (None, False)])
def test_the_variable_is_read_as_torch_reads_it(monkeypatch, value, expected):
    monkeypatch.setenv(TRUST_VARIABLE, value or '')
    if value is None:
        monkeypatch.delenv(TRUST_VARIABLE)
    assert is_trusted() is expected


def test_the_option_sets_it(monkeypatch):
    monkeypatch.setenv(TRUST_VARIABLE, '0')
    parser = argparse.ArgumentParser()
    add_trust_option(parser)
    parser.parse_args([])
    assert not is_trusted()
    parser.parse_args(['--trust-checkpoint'])
    assert is_trusted()
