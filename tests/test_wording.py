from __future__ import annotations

import pytest

from mmseg_liteseg.wording import are, count


@pytest.mark.parametrize(
    ('number', 'noun', 'digits', 'text'),
    [
        (1, 'minute', 0, '1 minute'),
        (1.4, 'minute', 0, '1 minute'),  # rounded to one
        (0.2, 'minute', 0, '0 minutes'),
        (2, 'class', 0, '2 classes'),
        (1, 'pass', 0, '1 pass'),
        (1.5, 'hour', 1, '1.5 hours'),
    ],
)
def test_count(number, noun, digits, text):
    assert count(number, noun, digits) == text


def test_verbs():
    assert (are(1), are(0), are(1, 'has', 'have'), are(3, 'has', 'have')) == ('is', 'are', 'has', 'have')
