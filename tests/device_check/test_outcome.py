from mmseg_liteseg.device_check.outcome import Measured, NotHere, run_checks


def broken():
    raise RuntimeError('CUDA error: no kernel image\nis available')


def absent():
    raise NotHere('no GPU')


def test_every_check_is_made_and_told():
    told = []
    checks = {
        'good': lambda: Measured(1e-6, 1e-5),
        'exact': lambda: Measured(0.0, 0.0),
        'wrong': lambda: Measured(1e-3, 1e-5, 'hm'),
        'nan': lambda: Measured(float('nan'), 1e-5),
        'broken': broken,
        'absent': absent,
    }
    found = list(run_checks(checks, told.append))
    assert [one.status for one in found] == ['passed', 'passed', 'failed', 'failed', 'failed', 'skipped']
    assert found[2].note == 'hm'
    assert found[3].to_json()['found'] == 'nan'
    assert found[4].note == 'RuntimeError: CUDA error: no kernel image'
    assert found[5].note == 'no GPU'
    assert len(told) == 6
    assert 'failed' in told[2]
    assert '1.0e-03 of 1e-05' in told[2]
