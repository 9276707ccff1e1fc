"""The command that runs the suite as other processors would."""

import pytest

from tests import cpus

FACTS = dict(aten='avx2', threads='1', onednn='jit:avx2')


def test_a_setting_replaces_what_steers_the_processor(monkeypatch):
    monkeypatch.setenv('ATEN_CPU_CAPABILITY', 'avx2')
    monkeypatch.setenv('TEST_THREADS', '7')
    environment = cpus.environment_of('onednn-sse41')
    assert environment['ONEDNN_MAX_CPU_ISA'] == 'SSE41'
    assert 'ATEN_CPU_CAPABILITY' not in environment
    assert 'TEST_THREADS' not in environment
    assert environment['PATH']


@pytest.mark.parametrize(
    ('setting', 'facts', 'expected'),
    [
        ('plain', {}, []),
        ('onednn-avx2', {}, []),
        ('onednn-off', dict(onednn='off'), []),
        ('onednn-off', {}, ['onednn jit:avx2, not off']),
        ('onednn-sse41', {}, ['onednn jit:avx2, not sse41']),
        ('aten-default', {}, ['aten avx2, not default']),
        ('avx2', {}, ['threads 1, not 2']),
    ],
)
def test_what_has_no_effect_is_found(setting, facts, expected):
    assert cpus.without_effect(setting, {**FACTS, **facts}) == expected


def test_goes_on_after_a_failure_and_names_it(monkeypatch, tmp_path, capsys):
    suite = tmp_path / 'test_some.py'
    suite.write_text(
        'import os\n'
        'def test_good(): pass\n'
        'def test_of_one_setting(): assert os.environ.get("ATEN_CPU_CAPABILITY") != "avx2"\n'
    )
    monkeypatch.setattr(cpus, 'probe', lambda setting: dict(FACTS, threads='2'))
    status = cpus.main(['--only', 'aten-avx2', 'threads-2', '--logs', str(tmp_path / 'logs'), '--', str(suite)])
    lines = capsys.readouterr().out.splitlines()
    rows = {line.split()[0]: line.split()[4:6] for line in lines if line.startswith(('aten-avx2 ', 'threads-2 '))}
    assert status == 1
    assert rows == {'aten-avx2': ['1', '1'], 'threads-2': ['2', '0']}
    assert next(line for line in lines if 'FAILED' in line).endswith('test_of_one_setting')
    assert 'def test_of_one_setting' in (tmp_path / 'logs/aten-avx2.log').read_text()


def test_a_suite_that_does_not_start_is_no_success(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(cpus, 'probe', lambda setting: FACTS)
    assert cpus.main(['--only', 'plain', '--logs', str(tmp_path), '--', '--no-such-option']) == 1
    assert 'plain: pytest ended with status' in capsys.readouterr().out
