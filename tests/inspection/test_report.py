from __future__ import annotations

import io
import json

import numpy as np
from rich.console import Console

from mmseg_liteseg.inspection.report import print_report, summary_lines, to_dict, write_json


def text_of(inspection):
    stream = io.StringIO()
    print_report(inspection, Console(file=stream, width=120))
    return stream.getvalue()


def test_tables_and_counts(project):
    text = text_of(project.inspect())
    assert 'train' in text
    assert '48x64 (4)' in text
    assert '50.00%' in text
    assert '0 errors, 0 warnings, 0 notes' in text


def test_findings_say_what_where_why_and_the_cure(project):
    project.write_mask('val', 0, np.full((48, 64), 9))
    lines = text_of(project.inspect()).splitlines()
    start = next(index for index, line in enumerate(lines) if line.startswith('error: val: 1 of 3 masks hold 9'))
    assert '[labels-beyond]' in lines[start] + lines[start + 1]
    assert any(line.startswith('    at ') for line in lines[start:])
    assert any(line.startswith('  cure: ') for line in lines[start:])
    assert lines[-1].startswith('1 error, ')


def test_names_of_files_are_no_markup(project):
    project.mask('val', 0).rename(project.root / 'masks/val/[red].png')
    project.image('val', 0).rename(project.root / 'images/val/[red].png')
    project.mask('val', 1).unlink()
    project.image('val', 1).rename(project.root / 'images/val/[bold]x.png')
    assert '[bold]x.png' in text_of(project.inspect())


def test_json(project, tmp_path):
    project.write_mask('val', 0, np.full((48, 64), 9))
    inspection = project.inspect()
    write_json(inspection, tmp_path / 'new/findings.json')
    found = json.loads((tmp_path / 'new/findings.json').read_text())
    assert found == json.loads(json.dumps(to_dict(inspection)))
    assert found['passed'] is False
    assert found['classes'] == ['left', 'right']
    assert found['splits']['train']['pixels'] == {'0': 4 * 48 * 32, '1': 4 * 48 * 32}
    assert found['splits']['val']['sizes'] == [dict(height=48, width=64, images=3)]
    assert [finding['kind'] for finding in found['findings']] == ['labels-beyond']


def test_many_sizes_are_cut_short(project):
    for index, width in enumerate((40, 50, 60, 64)):
        project.write_image('train', index, np.zeros((48, width, 3), np.uint8))
        project.write_mask('train', index, np.indices((48, width))[1] // 32)
    assert summary_lines(project.inspect())[0].endswith('and 1 more')
