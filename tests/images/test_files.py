from __future__ import annotations

import os

import pytest

from mmseg_liteseg.images import ImageFileError, read_file, shown


def test_bytes_come_as_they_are(tmp_path):
    path = tmp_path / 'näme\n.bin'
    path.write_bytes(b'\0\1')
    assert read_file(path) == read_file(str(path)) == b'\0\1'


@pytest.mark.parametrize(
    ('name', 'reason'),
    [
        ('missing.png', 'no such file'),
        ('empty.png', 'the file is empty'),
        ('folder.png', 'expected a file, found a folder'),
        ('pipe.png', 'expected a file, found a pipe'),
        ('dangling.png', 'a link to nowhere.png, which is not there'),
        ('loop.png', 'cannot be read'),
        ('x' * 256, 'cannot be read'),
        ('zero\0.png', 'cannot be read'),
    ],
)
def test_whatever_cannot_be_read_is_named_in_one_line(tmp_path, name, reason):
    (tmp_path / 'empty.png').touch()
    (tmp_path / 'folder.png').mkdir()
    os.mkfifo(tmp_path / 'pipe.png')  # opening it would wait for a writer
    (tmp_path / 'dangling.png').symlink_to('nowhere.png')
    (tmp_path / 'loop.png').symlink_to('loop.png')
    with pytest.raises(ImageFileError) as caught:
        read_file(tmp_path / name)
    message = str(caught.value)
    assert shown(name) in message
    assert reason in message
    assert '\n' not in message


def test_no_permission(tmp_path, monkeypatch):
    path = tmp_path / 'a.png'
    path.write_bytes(b'x')

    def refuse(self):
        raise PermissionError(13, 'Permission denied', str(self))  # root may read everything: chmod would not do

    monkeypatch.setattr('pathlib.Path.read_bytes', refuse)
    with pytest.raises(ImageFileError, match=r'a\.png: cannot be read \(Permission denied\)'):
        read_file(path)


def test_names_are_shown_in_one_line():
    assert shown('a\nb\x1b[2J.png') == 'a\\nb\\x1b[2J.png'
    assert shown('größe 写真.png') == 'größe 写真.png'
    assert shown(os.fsdecode(b'\xff.png')).encode() == b'\\udcff.png'
