"""Presets name models that exist, and compare only what they measure."""

from __future__ import annotations

import pytest

from mmseg_liteseg.benchmark.errors import BenchmarkError
from mmseg_liteseg.benchmark.presets import PRESETS, get_preset


@pytest.mark.parametrize('name', PRESETS)
def test_preset(name):
    preset = get_preset(name, paddle=True)
    keys = [case.key for case in preset.cases]
    assert len(keys) == len(set(keys))
    for ratio in preset.ratios:
        assert {ratio.numerator, ratio.denominator} <= set(keys), ratio.title
    for ratio in preset.ratios:
        if ratio.of == 'memory':
            assert ratio.numerator.split()[1] in preset.memory_of


def test_paddle_only_where_it_is():
    def runtimes(paddle):
        return {case.runtime for case in get_preset('cpu', paddle).cases}

    assert runtimes(True) - runtimes(False) == {'paddle'}


def test_unknown_preset():
    with pytest.raises(BenchmarkError, match='expected one of cpu, labels, train, mmseg, accuracy, h200'):
        get_preset('gpu', False)
