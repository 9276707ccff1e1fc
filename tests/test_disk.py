from __future__ import annotations

import errno

import pytest

from mmseg_liteseg.disk import check_writable, free_bytes, naming
from mmseg_liteseg.visualization.files import replaced_by
from tests.disks import fill


def test_a_name_is_added(tmp_path):
    with pytest.raises(OSError, match='bytes are free') as caught, naming(tmp_path / 'new' / 'a'):
        raise OSError(errno.ENOSPC, 'No space left on device')
    assert (caught.value.errno, caught.value.filename) == (errno.ENOSPC, str(tmp_path / 'new' / 'a'))
    assert str(tmp_path / 'new' / 'a') in str(caught.value)


def test_other_errors_pass(tmp_path):
    with pytest.raises(FileNotFoundError) as caught, naming(tmp_path):
        (tmp_path / 'gone').read_text()
    assert caught.value.filename == str(tmp_path / 'gone')
    with pytest.raises(OSError, match='no number'), naming(tmp_path):
        raise OSError('no number')


def test_a_real_one(disk):
    assert free_bytes(disk / 'not' / 'there') > 10 << 20
    (disk / 'a').write_bytes(b'before')
    fill(disk)
    with pytest.raises(OSError, match='No space left on device, 0 bytes are free') as caught, replaced_by(
        disk / 'a'
    ) as new:
        new.write_bytes(bytes(1 << 20))
    assert caught.value.filename == str(disk / 'a')
    assert (disk / 'a').read_bytes() == b'before'
    assert sorted(path.name for path in disk.iterdir()) == ['a', 'ballast']


def test_a_folder_that_can_be_written_is_left_as_it_was(tmp_path):
    check_writable(tmp_path / 'not' / 'there')
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_way(tmp_path):
    (tmp_path / 'file').write_text('')
    with pytest.raises(NotADirectoryError) as caught:
        check_writable(tmp_path / 'file' / 'out')
    assert caught.value.filename == str(tmp_path / 'file')


def test_a_folder_that_cannot_be_written(tmp_path, monkeypatch):
    def refuse(dir):
        raise PermissionError(errno.EACCES, 'Permission denied', f'{dir}/tmp123')

    monkeypatch.setattr('tempfile.TemporaryFile', refuse)
    with pytest.raises(PermissionError) as caught:
        check_writable(tmp_path / 'out')
    assert caught.value.filename == str(tmp_path)


def test_a_full_disk_is_seen_before(disk):
    fill(disk)
    with pytest.raises(OSError, match='No space left on device, 0 bytes are free') as caught:
        check_writable(disk / 'out')
    assert caught.value.filename == str(disk)
