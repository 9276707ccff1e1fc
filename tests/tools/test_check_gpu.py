"""tools/check_gpu.py, its half that needs no GPU."""

import json

import pytest

from tests.helpers import REPO
from tests.tools.conftest import run_alone
from tools.check_gpu import main


def test_what_needs_no_gpu(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(REPO)
    run_alone(main, ['--device', 'cpu', '--out', tmp_path])
    checks = json.loads((tmp_path / 'check.json').read_text())['checks']
    statuses = {check['name']: check['status'] for check in checks}
    assert not [name for name, status in statuses.items() if status == 'failed'], capsys.readouterr().out
    skipped = {name for name, status in statuses.items() if status == 'skipped'}
    assert all(
        'kernels' in name or name in ('optimize, fp16', 'optimize, bf16', 'SyncBN in one process') or 'AMP' in name
        for name in skipped
    )
    assert statuses['predict against mmseg, to 719x959'] == 'passed'
    assert statuses['going on from a checkpoint'] == 'passed'
    assert not list(tmp_path.glob('benchmark*'))


def test_no_gpu_is_one_line(monkeypatch, capsys):
    monkeypatch.setattr('torch.cuda.is_available', lambda: False)
    with pytest.raises(SystemExit) as stopped:
        main([])
    assert stopped.value.code == 2
    assert capsys.readouterr().err.splitlines()[-1].startswith('error: torch sees no CUDA GPU here')
