"""Where it writes: told before the work is done, and nothing half-written."""

from __future__ import annotations

import errno

import pytest

from mmseg_liteseg.datasets.converters import ConversionError
from mmseg_liteseg.new_dataset import build, write
from mmseg_liteseg.new_dataset.build import new_dataset
from tests.disks import disk, fill  # noqa: F401 (a fixture)

from .scenes import folder


@pytest.fixture
def source(tmp_path_factory):
    root = tmp_path_factory.mktemp('photos')
    folder(root, 'images/{i}.png', 'masks/{i}.png', lambda labels: labels * 100, count=6)
    return root


@pytest.fixture
def unread(monkeypatch):
    """No file is looked at."""

    def read_folder(*args):
        raise AssertionError('read')

    monkeypatch.setattr(build, 'read_folder', read_folder)


def test_a_place_that_cannot_be_written_is_said_before_reading(source, unread, monkeypatch):
    def refuse(dir):
        raise PermissionError(errno.EACCES, 'Permission denied', f'{dir}/tmp123')

    monkeypatch.setattr('tempfile.TemporaryFile', refuse)
    out = source / 'new' / 'out'
    reason = rf'^{out}: cannot be written \(Permission denied in {source}\); name a folder with --out$'
    with pytest.raises(ConversionError, match=reason):
        new_dataset(source, out)


def test_a_file_in_the_way_is_said_before_reading(source, unread):
    (source / 'file').write_text('')
    with pytest.raises(ConversionError, match=r'cannot be written \(Not a directory in .*file\)'):
        new_dataset(source, source / 'file' / 'out')


def test_a_full_disk_is_said_before_reading(source, unread, disk):  # noqa: F811
    fill(disk)
    with pytest.raises(ConversionError, match=r'No space left on device.* 0 bytes are free'):
        new_dataset(source, disk / 'out')
    assert [path.name for path in disk.iterdir()] == ['ballast']


def test_a_disk_that_runs_full_leaves_nothing(source, disk, monkeypatch):  # noqa: F811
    def then_full(*args):
        fill(disk)
        return write_all(*args)

    write_all = write._write_all
    monkeypatch.setattr(write, '_write_all', then_full)
    with pytest.raises(ConversionError, match=r'out: cannot be written \(No space left on device.*--out$'):
        new_dataset(source, disk / 'out')
    assert [path.name for path in disk.iterdir()] == ['ballast']


def test_a_dry_run_needs_no_place(source, monkeypatch):
    monkeypatch.setattr('tempfile.TemporaryFile', None)
    assert new_dataset(source, '/dev/null/out', dry_run=True)[1] is None
