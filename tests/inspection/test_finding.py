from __future__ import annotations

import pytest

from mmseg_liteseg.inspection import Finding, InspectionError, by_severity, errors_of, raise_errors

ERROR = Finding('error', 'a', 'what', ('f1', 'f2', 'f3', 'f4'), 'why', 'cure', 9)
NOTE = Finding('note', 'b', 'fine')


def test_a_finding_is_one_line_with_the_first_files():
    assert str(ERROR) == 'error: what (f1, f2, f3, ...); why: cure'
    assert str(NOTE) == 'note: fine'


def test_plain_values_for_json():
    values = ERROR.to_dict()
    assert values['where'] == ['f1', 'f2', 'f3', 'f4']
    assert (values['severity'], values['count'], values['split']) == ('error', 9, '')


def test_errors_come_first_and_are_raised_with_a_line_each():
    findings = by_severity([NOTE, ERROR])
    assert findings == [ERROR, NOTE]
    assert errors_of(findings) == [ERROR]
    raise_errors([NOTE])
    with pytest.raises(InspectionError) as raised:
        raise_errors([ERROR, NOTE, ERROR])
    assert str(raised.value).splitlines() == [str(ERROR)] * 2


def test_unknown_severities_are_refused():
    with pytest.raises(ValueError, match="expected one of error, warning, note, got 'fatal'"):
        Finding('fatal', 'a', 'what')
