"""Real kills of real trainings; tools/kill_test.py makes a hundred of them."""

from __future__ import annotations

import os

import pytest

from mmseg_liteseg.endurance import kills
from tests.tools.conftest import write_project

pytestmark = pytest.mark.skipif(not hasattr(os, 'fork'), reason='needs fork')


def test_killed_trainings_come_to_the_same_end(tmp_path, monkeypatch):
    (tmp_path / 'project').mkdir()
    cfg = kills.short_config(str(write_project(tmp_path / 'project')), iterations=8, images=2)
    monkeypatch.setattr(kills, 'cases', lambda interval, make=kills.cases: make(interval)[3:4])
    (case,) = kills.run_cases(cfg, tmp_path / 'work', 3)
    assert case.faults == []
    assert sum(case.kills.values()) == 3
    assert case.equal == case.trainings >= 1
    assert kills.table([case]).splitlines()[-1].startswith('| all | 3 |')


def test_a_training_that_fails_is_told(tmp_path):
    (tmp_path / 'project').mkdir()
    cfg = kills.short_config(str(write_project(tmp_path / 'project')), iterations=4, images=2)
    cfg.model.decode_head.in_channels = (1, 2, 3, 4)
    with pytest.raises(kills.KillTestError, match=r'the uninterrupted training fails; .*whole\.log says why'):
        list(kills.run_cases(cfg, tmp_path / 'work', 1))
