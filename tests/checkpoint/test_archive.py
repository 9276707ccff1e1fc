import gzip
import io
import os
import tarfile
import tracemalloc

import pytest

from mmseg_liteseg.checkpoint import archive
from mmseg_liteseg.checkpoint.archive import read_tar_gz
from mmseg_liteseg.checkpoint.errors import CheckpointFileError
from tests.checkpoint.builders import make_tar_gz

WEIGHTS = b'weights' * 1000


def make_special(**attributes) -> bytes:
    """An archive with a sound member and one whose header is set by hand."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode='w') as tar:
        info = tarfile.TarInfo('model.pdparams')
        info.size = len(WEIGHTS)
        tar.addfile(info, io.BytesIO(WEIGHTS))
        info = tarfile.TarInfo('other')
        for key, value in attributes.items():
            setattr(info, key, value)
        tar.addfile(info)
    return gzip.compress(buffer.getvalue())


def test_reads_the_one_file_of_weights():
    data = make_tar_gz({'PP_STDCNet1/README.md': b'text', 'PP_STDCNet1/model.pdparams': WEIGHTS})
    assert read_tar_gz(data) == WEIGHTS


def test_reads_what_tar_writes(tmp_path):
    folder = tmp_path / 'PP_STDCNet1'
    folder.mkdir()
    (folder / 'model.pdparams').write_bytes(WEIGHTS)
    with tarfile.open(tmp_path / 'a.tar.gz', 'w:gz') as tar:
        tar.add(folder, 'PP_STDCNet1')  # with an entry for the folder
    assert read_tar_gz((tmp_path / 'a.tar.gz').read_bytes()) == WEIGHTS


def test_companions_from_macos_are_passed_over():
    assert read_tar_gz(make_tar_gz({'._model.pdparams': b'x', 'model.pdparams': WEIGHTS})) == WEIGHTS


@pytest.mark.parametrize(
    ('members', 'message'),
    [
        ({'README': b''}, 'found 0: none'),
        ({}, 'found 0'),
        ({'a.pdparams': b'1', 'b.pdparams': b'2'}, r"found 2: 'a\.pdparams', 'b\.pdparams'"),
        ({'../model.pdparams': WEIGHTS}, r"'\.\./model\.pdparams', which is a path with '\.\.'"),
        ({'model.pdparams': WEIGHTS, 'a/../../x': b''}, "path with '..'"),
        ({'model.pdparams': WEIGHTS, 'a\\..\\x': b''}, "path with '..'"),
        ({'/etc/model.pdparams': WEIGHTS}, 'absolute path'),
        ({'C:\\model.pdparams': WEIGHTS}, 'absolute path'),
    ],
)
def test_other_contents_are_refused(members, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CheckpointFileError, match=message):
        read_tar_gz(make_tar_gz(members))
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ('attributes', 'message'),
    [
        (dict(type=tarfile.SYMTYPE, linkname='/etc/passwd'), 'a link'),
        (dict(type=tarfile.LNKTYPE, linkname='model.pdparams'), 'a link'),
        (dict(type=tarfile.CHRTYPE, devmajor=1, devminor=3), 'no plain file'),
        (dict(type=tarfile.FIFOTYPE), 'no plain file'),
        (dict(name='huge.pdparams', size=1 << 40), 'larger than 1024 MiB'),
    ],
)
def test_special_members_are_refused(attributes, message):
    with pytest.raises(CheckpointFileError, match=message):
        read_tar_gz(make_special(**attributes))


def test_the_same_name_twice_is_refused():
    with pytest.raises(CheckpointFileError, match='twice'):
        read_tar_gz(make_special(name='model.pdparams'))


def test_many_members_are_refused(monkeypatch):
    monkeypatch.setattr(archive, 'MAX_MEMBERS', 3)
    with pytest.raises(CheckpointFileError, match='more than 3 files'):
        read_tar_gz(make_tar_gz({f'{i}': b'' for i in range(4)}))


def test_a_zip_bomb_is_refused_early(monkeypatch):
    monkeypatch.setattr(archive, 'MAX_BYTES', 1 << 20)
    # the member's size is within the limit, what follows the archive is not
    data = gzip.compress(gzip.decompress(make_tar_gz({'a.pdparams': b'1'})) + bytes(64 << 20))
    tracemalloc.start()
    with pytest.raises(CheckpointFileError, match='more than 1 MiB'):
        read_tar_gz(data)
    assert tracemalloc.get_traced_memory()[1] < 40 << 20
    tracemalloc.stop()


@pytest.mark.parametrize('keep', [0.1, 0.5, 0.9, 0.999])
def test_truncation_is_noticed(keep):
    data = make_tar_gz({'a.pdparams': os.urandom(50_000)})
    with pytest.raises(CheckpointFileError, match='cut off'):
        read_tar_gz(data[: int(len(data) * keep)])


def test_a_wrong_checksum_is_noticed():
    data = bytearray(make_tar_gz({'a.pdparams': WEIGHTS}))
    data[-8] ^= 1
    with pytest.raises(CheckpointFileError, match=r'damaged archive.*CRC'):
        read_tar_gz(bytes(data))


@pytest.mark.parametrize('content', [b'', b'not a tar' * 200])
def test_gzip_without_tar_is_refused(content):
    with pytest.raises(CheckpointFileError):
        read_tar_gz(gzip.compress(content))


def test_a_long_chain_of_headers_is_refused():
    """Each of these makes tarfile call itself for the next."""
    header = tarfile.TarInfo('x')
    header.type, header.size = tarfile.GNUTYPE_LONGNAME, 1
    block = header.tobuf(tarfile.GNU_FORMAT) + b'x' + bytes(511)
    with pytest.raises(CheckpointFileError):
        read_tar_gz(gzip.compress(block * 5000))
