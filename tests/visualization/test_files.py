from __future__ import annotations

import pytest

from mmseg_liteseg.visualization.files import replaced_by


def test_the_file_appears_once_it_is_written(tmp_path):
    target = tmp_path / 'new' / 'file.txt'
    with replaced_by(target) as temporary:
        temporary.write_text('done')
        assert not target.exists()
    assert target.read_text() == 'done'
    assert [path.name for path in target.parent.iterdir()] == ['file.txt']


def test_a_failure_leaves_what_was_there(tmp_path):
    target = tmp_path / 'file.txt'
    target.write_text('old')

    def fail():
        with replaced_by(target) as temporary:
            temporary.write_text('half')
            raise RuntimeError('disk')

    with pytest.raises(RuntimeError, match='disk'):
        fail()
    assert target.read_text() == 'old'
    assert [path.name for path in tmp_path.iterdir()] == ['file.txt']


def test_a_link_stays_one(tmp_path):
    """What it points to is written, be it there or not."""
    for name in ('there', 'gone'):
        target, link = tmp_path / name / 'real.txt', tmp_path / f'{name}.txt'
        link.symlink_to(target)
        if name == 'there':
            target.parent.mkdir()
            target.write_text('old')
        with replaced_by(link) as temporary:
            temporary.write_text('new')
        assert link.is_symlink()
        assert target.read_text() == 'new'
        assert [file.name for file in target.parent.iterdir()] == ['real.txt']
