"""Peak memory."""

from __future__ import annotations

import torch

from mmseg_liteseg.benchmark.memory import peak_bytes, peak_of_changes


def test_peak_of_changes():
    assert peak_of_changes([100, 50, -100, 60, -110]) == 150
    assert peak_of_changes([-100, 50]) == 0
    assert peak_of_changes([]) == 0


def test_peak_of_a_call():
    def run():
        a = torch.ones(1000)
        b = a + 1  # both alive: 8000
        del a
        c = torch.ones(1500)  # 4000 + 6000
        return b.sum() + c.sum()

    assert 10000 <= peak_bytes(run, 'cpu') < 10400


def test_what_stays_from_a_first_call_is_no_part():
    kept = {}

    def run():
        kept['state'] = kept.get('state') or [torch.ones(10000)]
        return torch.ones(10)

    assert peak_bytes(run, 'cpu') < 1000


def test_nothing_allocated():
    assert peak_bytes(lambda: None, 'cpu') == 0
