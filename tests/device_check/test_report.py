import json

from mmseg_liteseg.device_check.outcome import Outcome
from mmseg_liteseg.device_check.report import save, summary

FACTS = dict(cpu='Some CPU', cores=2, threads=1, versions=dict(torch='2.0'))
OUTCOMES = [
    Outcome('label map', 'passed', 1e-7, 1e-5, seconds=0.5),
    Outcome('loss', 'failed', float('inf'), 1e-5, 'a | b'),
    Outcome('graph', 'skipped', note='no GPU'),
]


def test_page_and_json(tmp_path):
    paths = save(tmp_path / 'new', FACTS, OUTCOMES, 'python tools/check_gpu.py', '2026-01-02')
    assert [path.name for path in paths] == ['check.json', 'check.md']
    results = json.loads(paths[0].read_text())
    assert [check['status'] for check in results['checks']] == ['passed', 'failed', 'skipped']
    assert results['checks'][1]['found'] == 'inf'
    page = paths[1].read_text()
    assert '# Checked on Some CPU (no GPU)' in page
    assert '| label map | passed | 1.0e-07 | 1.0e-05 | 0.5 |  |' in page
    assert '| loss | failed | inf | 1.0e-05 | 0.0 | a / b |' in page
    assert '1 passed, 1 failed, 1 skipped' in page


def test_a_gpu_gives_the_page_its_title(tmp_path):
    facts = dict(FACTS, gpu=dict(name='Some GPU', cuda='12.8'))
    page = save(tmp_path, facts, OUTCOMES, '', '')[1].read_text()
    assert page.startswith('# Checked on Some GPU\n')
    assert '- GPU: name Some GPU, cuda 12.8' in page


def test_summary():
    assert summary(OUTCOMES[:1]) == '1 passed, 0 failed, 0 skipped'
