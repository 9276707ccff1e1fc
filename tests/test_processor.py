from __future__ import annotations

import pytest

from mmseg_liteseg import processor


@pytest.fixture
def cpuinfo(monkeypatch):
    """Sets what the system reports."""

    def report(text):
        def read(*args, **kwargs):
            if text is None:
                raise FileNotFoundError
            return text

        monkeypatch.setattr(processor.Path, 'read_text', read)
        processor.cpu_flags.cache_clear()

    yield report
    monkeypatch.undo()
    processor.cpu_flags.cache_clear()


@pytest.mark.parametrize(
    ('text', 'expected'),
    [
        ('processor : 0\nflags\t\t: fpu avx2 avx512_bf16\n\nprocessor : 1\nflags\t\t: fpu\n', True),
        ('processor : 0\nFeatures\t: fp asimd bf16\n', True),
        ('flags : fpu avx2 avx512f\n', False),
        ('', False),
        (None, False),
    ],
)
def test_bfloat16_by_the_first_processor(text, expected, cpuinfo):
    cpuinfo(text)
    assert processor.multiplies_bfloat16() is expected
