import hashlib
import os
import pickle

import numpy as np
import pytest
import torch

from mmseg_liteseg.checkpoint import files
from mmseg_liteseg.checkpoint.errors import CheckpointFileError
from mmseg_liteseg.checkpoint.files import check_output, dumps_checkpoint, read_paddle_file, write_file
from mmseg_liteseg.checkpoint.pdparams import dumps_pdparams
from tests.checkpoint.builders import make_tar_gz

WEIGHTS = dumps_pdparams({'a': np.arange(3, dtype='f4')})


@pytest.mark.parametrize('name', ['x.pdparams', 'x.tar.gz', 'x'])
@pytest.mark.parametrize('packed', [False, True])
def test_the_content_decides_not_the_name(tmp_path, name, packed):
    content = make_tar_gz({'dir/x.pdparams': WEIGHTS}) if packed else WEIGHTS
    (tmp_path / name).write_bytes(content)
    file = read_paddle_file(str(tmp_path / name))
    assert file.arrays['a'].tolist() == [0, 1, 2]
    assert file.sha256 == hashlib.sha256(content).hexdigest()


def test_a_home_folder_is_found(tmp_path, monkeypatch):
    monkeypatch.setenv('HOME', str(tmp_path))
    (tmp_path / 'x.pdparams').write_bytes(WEIGHTS)
    assert len(read_paddle_file('~/x.pdparams').arrays) == 1


@pytest.mark.parametrize('content', [b'', b'<html>', b'PK\x03\x04', WEIGHTS[:-3], pickle.dumps([1])])
def test_errors_begin_with_the_file(tmp_path, content):
    path = str(tmp_path / 'x.pdparams')
    with open(path, 'wb') as file:
        file.write(content)
    with pytest.raises(CheckpointFileError) as info:
        read_paddle_file(path)
    assert str(info.value).startswith(f'{path} ')


def test_missing_files_and_folders(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'no\.pdparams is not a file'):
        read_paddle_file(str(tmp_path / 'no.pdparams'))
    with pytest.raises(FileNotFoundError, match='is not a file'):
        read_paddle_file(str(tmp_path))


def test_huge_files_are_refused_unread(tmp_path, monkeypatch):
    monkeypatch.setattr(files, 'MAX_BYTES', 10)
    (tmp_path / 'x.pdparams').write_bytes(WEIGHTS)
    with pytest.raises(CheckpointFileError, match='larger than'):
        read_paddle_file(str(tmp_path / 'x.pdparams'))


def test_writes_and_replaces(tmp_path):
    path = tmp_path / 'out.pth'
    for content in (b'1', b'22'):
        write_file(str(path), content)
        assert path.read_bytes() == content
    assert os.listdir(tmp_path) == ['out.pth']
    assert path.stat().st_mode & 0o400


def test_leaves_nothing_half_written(tmp_path, monkeypatch):
    path = tmp_path / 'out.pth'
    path.write_bytes(b'old')

    def fail(*_):
        raise OSError('disk full')

    monkeypatch.setattr(os, 'replace', fail)
    with pytest.raises(files.CheckpointWriteError, match='disk full'):
        write_file(str(path), b'new')
    assert os.listdir(tmp_path) == ['out.pth']
    assert path.read_bytes() == b'old'


def test_impossible_outputs_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match='there is no folder'):
        check_output(str(tmp_path / 'no' / 'x.pth'))
    with pytest.raises(IsADirectoryError, match='it is a folder'):
        check_output(str(tmp_path))


def test_the_same_checkpoint_makes_the_same_bytes():
    checkpoint = dict(state_dict={'a': torch.arange(3.0)}, meta={'arch': 'stdc1'})
    assert dumps_checkpoint(checkpoint) == dumps_checkpoint(checkpoint)


def test_writes_are_on_disk_before_they_are_named(tmp_path, monkeypatch):
    order = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(files.os, 'fsync', lambda descriptor: (order.append('fsync'), fsync(descriptor)))
    monkeypatch.setattr(files.os, 'replace', lambda old, new: (order.append('rename'), replace(old, new)))
    files.write_file(str(tmp_path / 'a.pth'), b'content')
    assert order == ['fsync', 'rename', 'fsync']
    assert [path.name for path in tmp_path.iterdir()] == ['a.pth']


def test_no_room_names_the_file_and_the_bytes(tmp_path, monkeypatch):
    (tmp_path / 'a.pth').write_bytes(b'before')

    def no_room(descriptor):
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(files.os, 'fsync', no_room)
    with pytest.raises(
        files.CheckpointWriteError, match=r'a\.pth: No space left on device\. It needs 7 bytes, \d+ are'
    ):
        files.write_file(str(tmp_path / 'a.pth'), b'content')
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [('a.pth', b'before')]
