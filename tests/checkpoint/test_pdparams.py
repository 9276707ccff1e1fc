import collections
import copy
import pickle
import struct
import tracemalloc

import numpy as np
import pytest

from mmseg_liteseg.checkpoint.errors import CheckpointFileError
from mmseg_liteseg.checkpoint.pdparams import NAME_TABLE, SPLIT_TABLE, dumps_pdparams, loads_pdparams

ARRAYS = {
    'conv.weight': np.arange(24, dtype=np.float32).reshape(2, 3, 2, 2),
    'bn._mean': np.linspace(-1, 1, 2, dtype=np.float32),
    '_scale': np.ones(1, np.float32),
    'scalar': np.array(3, np.float32),
}
NAMES = {key: f'{key}_0.w_0' for key in ARRAYS}


def assert_same(loaded, expected=None):
    expected = ARRAYS if expected is None else expected
    assert list(loaded) == list(expected)
    for key, array in expected.items():
        np.testing.assert_array_equal(loaded[key], array)
        assert loaded[key].dtype == array.dtype
        assert loaded[key].shape == array.shape


@pytest.mark.parametrize('protocol', [2, 3, 4])
def test_reads_what_paddle_saves(protocol):
    assert_same(loads_pdparams(pickle.dumps({**ARRAYS, NAME_TABLE: NAMES}, protocol)))


@pytest.mark.parametrize('protocol', [2, 4])
def test_reads_the_old_and_the_new_name_of_numpy(protocol):
    data = pickle.dumps(ARRAYS, protocol)
    renamed = []
    for name in (b'numpy.core.multiarray', b'numpy._core.multiarray'):
        other = b'numpy._core.multiarray' if b'numpy._core' in data else b'numpy.core.multiarray'
        if protocol == 2:
            renamed.append(data.replace(other, name))
        else:  # a string with its length before it
            renamed.append(data.replace(bytes([len(other)]) + other, bytes([len(name)]) + name))
    assert renamed[0] != renamed[1]
    for file in renamed:
        assert_same(loads_pdparams(file))


@pytest.mark.parametrize('protocol', [2, 3, 4])
def test_reads_nested_files_with_named_tensors(protocol):
    class Tensor:
        """Pickled as Paddle pickles tensors outside a plain state dict: as ``tuple((name, array))``."""

        def __init__(self, array):
            self.array = array

        def __reduce__(self):
            return tuple, (('generated_tensor_0', self.array),)

    model = collections.OrderedDict((key, Tensor(array)) for key, array in ARRAYS.items())
    data = pickle.dumps({'model': model, 'epoch': 100, 'lr': 0.1, 'opt': {'LR_Scheduler': {'last_epoch': 3}}}, protocol)
    assert_same(loads_pdparams(data))


def test_arrays_are_views_of_the_file():
    tracemalloc.start()
    data = pickle.dumps({'a': np.zeros(1_000_000, np.float32)}, 4)
    before = tracemalloc.get_traced_memory()[0]
    tracemalloc.reset_peak()
    array = loads_pdparams(data)['a']
    peak = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    assert array.nbytes == 4_000_000
    assert peak < 100_000


def test_fortran_order_is_kept_right():
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    assert_same(loads_pdparams(pickle.dumps({'a': array.T}, 4)), {'a': array.T})


@pytest.mark.parametrize('dtype', ['float16', 'float64', 'int64', 'uint16', 'bool'])
def test_other_numbers_are_read_as_they_are(dtype):
    arrays = {'a': np.ones(3, dtype)}
    assert_same(loads_pdparams(pickle.dumps(arrays, 4)), arrays)


@pytest.mark.parametrize(
    'array',
    [
        np.array([{}], object),
        np.array(['text']),
        np.ones(2, '>f4'),
        np.ones(2, 'c8'),
        np.zeros(2, [('x', 'f4')]),
        np.zeros(0, 'f4'),
    ],
    ids=['objects', 'text', 'big-endian', 'complex', 'record', 'empty'],
)
def test_other_arrays_are_refused(array):
    with pytest.raises(CheckpointFileError, match='array'):
        loads_pdparams(pickle.dumps({'a': np.ones(1, 'f4'), 'b': array}, 4))


def array_pickle(shape: bytes, data: bytes, dtype: bytes = b'f4', fortran: bytes = b'\x89') -> bytes:
    """A file with one array, its shape given as opcodes that make a tuple."""
    return (
        b'\x80\x03}X\x01\x00\x00\x00acnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85C\x01b\x87R'
        b'(K\x01' + shape + b'cnumpy\ndtype\nX' + struct.pack('<I', len(dtype)) + dtype + b'\x89\x88\x87R'
        b'(K\x03X\x01\x00\x00\x00<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb' + fortran + data + b'tbs.'
    )


EIGHT = b'C\x08' + bytes(8)


def test_the_handmade_array_is_right():
    np.testing.assert_array_equal(loads_pdparams(array_pickle(b'K\x02\x85', EIGHT))['a'], np.zeros(2, np.float32))


@pytest.mark.parametrize(
    ('file', 'message'),
    [
        (array_pickle(b'K\x03\x85', EIGHT), '8 bytes for an array of shape'),
        (array_pickle(b'J\xff\xff\xff\xff\x85', EIGHT), 'impossible shape'),
        (array_pickle(b'K\x00\x85', b'C\x00'), 'impossible shape'),
        (array_pickle(b'(' + b'J\xff\xff\xff\x7f' * 8 + b't', EIGHT), '8 bytes for an array of shape'),
        (array_pickle(b'(' + b'K\x01' * 9 + b't', EIGHT), 'impossible shape'),
        (array_pickle(b'\x88\x85', EIGHT), 'impossible shape'),
        (array_pickle(b'K\x02', EIGHT), 'impossible shape'),
        (array_pickle(b'X\x01\x00\x00\x00a\x85', EIGHT), 'impossible shape'),
        (array_pickle(b'K\x02\x85', b']'), 'unknown form'),
        (array_pickle(b'K\x02\x85', EIGHT, dtype=b'O8'), 'other than numbers'),
        (array_pickle(b'K\x02\x85', EIGHT, dtype=b'f4,f4'), 'other than numbers'),
        (array_pickle(b'K\x02\x85', EIGHT, fortran=b'K\x01'), 'unknown form'),
        (b'\x80\x03}X\x01\x00\x00\x00acnumpy.core.multiarray\n_reconstruct\nN\x85Rs.', 'unknown form'),
        (b'\x80\x03}X\x01\x00\x00\x00acnumpy\nndarray\n)Rs.', 'calls a global'),
        (b'\x80\x03}X\x01\x00\x00\x00acnumpy\ndtype\n)Rs.', 'other than numbers'),
        (b'\x80\x03}X\x01\x00\x00\x00ac_codecs\nencode\nX\x01\x00\x00\x00aX\x03\x00\x00\x00rot\x86Rs.', 'unknown way'),
        (b'\x80\x03}X\x01\x00\x00\x00acbuiltins\ntuple\nK\x01\x85Rs.', 'no sequence'),
    ],
)
def test_impossible_arrays_are_refused(file, message):
    with pytest.raises(CheckpointFileError, match=message):
        loads_pdparams(file)


def test_an_array_without_data_is_refused():
    head = b'\x80\x03}X\x01\x00\x00\x00acnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85C\x01b\x87R'
    with pytest.raises(CheckpointFileError, match="without data under 'a'"):
        loads_pdparams(head + b's.')


def test_shared_bytes_cannot_make_a_small_file_large():
    """One megabyte used by a thousand arrays, and text encoded a thousand times."""
    payload = b'B' + struct.pack('<I', 1 << 20) + bytes(1 << 20)
    first = array_pickle(b'J\x00\x00\x04\x00\x85', payload + b'q\x00')[:-2]  # without SETITEM and STOP
    dtype = b'cnumpy\ndtype\nX\x02\x00\x00\x00f4\x89\x88\x87R'
    body = b''
    for index in range(1000):
        head = b'X' + struct.pack('<I', 5) + b'k%04d' % index
        head += (
            b'cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85C\x01b\x87R(K\x01J\x00\x00\x04\x00\x85'
        )
        body += head + dtype + b'\x89h\x00tbs'
    with pytest.raises(CheckpointFileError, match='same bytes for many arrays'):
        loads_pdparams(first + b's' + body + b'.')

    text = b'X' + struct.pack('<I', 1 << 20) + b'a' * (1 << 20) + b'q\x00'
    encode = b'c_codecs\nencode\nh\x00X\x06\x00\x00\x00latin1\x86R'
    tracemalloc.start()
    with pytest.raises(CheckpointFileError, match='again and again'):
        loads_pdparams(b'\x80\x02](' + text + encode * 1000 + b'e.')
    assert tracemalloc.get_traced_memory()[1] < 10 << 20
    tracemalloc.stop()


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (b'', 'is empty'),
        (b'<!DOCTYPE html><html><h1>404 Not Found</h1>', 'is a web page'),
        (b'\n  <html>', 'is a web page'),
        (b'\xef\xbb\xbf<?xml version="1.0"?><Error><Code>NoSuchKey</Code>', 'is a web page'),
        (b'PK\x03\x04rest', r'PyTorch.*\.pth'),
        (b'\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M', r'old PyTorch file.*\.pth'),
        (b'\x89HDF\r\n', 'HDF5'),
        (b'version https://git-lfs.github.com/spec/v1\noid sha256:12', 'git-lfs'),
        (b'a' * 257 + b'ustar' + b'0' * 300, 'uncompressed tar'),
        (b'{"message": "not found"}', 'begins with'),
        (bytes(1000), 'begins with'),
        (pickle.dumps([1, 2], 4), 'no dictionary'),
        (pickle.dumps({}, 4), 'no dictionaries'),
        (pickle.dumps({'a': 1}, 4), 'no dictionaries'),
        (pickle.dumps({'a': ARRAYS, 'b': ARRAYS}, 4), '2 dictionaries'),
        (pickle.dumps({**ARRAYS, 'epoch': 3}, 4), "int under 'epoch'"),
        (pickle.dumps(ARRAYS, 5), 'protocol 5'),
        (pickle.dumps(ARRAYS, 4) + b'\x00', 'after the end'),
    ],
)
def test_other_files_are_named(content, message):
    with pytest.raises(CheckpointFileError, match=message):
        loads_pdparams(content)


@pytest.mark.parametrize('protocol', [2, 3])
def test_split_arrays_are_refused(protocol):
    """As Paddle writes them: an array over 1 GiB in slices, here a small one."""
    slices = ['big@@.0', 'big@@.1']
    split = {key: np.ones(2, np.float32) for key in slices}
    split[SPLIT_TABLE] = {'big': {'OriginShape': (2, 2), 'slices': slices}}
    with pytest.raises(CheckpointFileError, match=r'split into slices.*protocol=4'):
        loads_pdparams(pickle.dumps(split, protocol))


def test_every_truncation_is_noticed():
    data = dumps_pdparams(ARRAYS)
    for size in range(len(data)):
        with pytest.raises(CheckpointFileError):
            loads_pdparams(data[:size])


def test_writes_what_plain_pickle_and_numpy_read():
    data = dumps_pdparams(ARRAYS)
    assert data[:2] == b'\x80\x04'
    assert b'numpy._core' not in data  # numpy before 1.26, and so many an environment with Paddle, lacks it
    loaded = pickle.loads(data)
    # paddle.load makes tensors of the keys in this table and removes it
    assert set(loaded.pop(NAME_TABLE)) == set(ARRAYS)
    assert_same(loaded)
    assert all(array.flags.writeable for array in copy.deepcopy(loaded).values())
    assert_same(loads_pdparams(data))


def test_writes_any_memory_order():
    array = np.arange(6, dtype=np.float32).reshape(2, 3).T[::2]
    assert_same(loads_pdparams(dumps_pdparams({'a': array})), {'a': array})


def test_writes_float32_only():
    with pytest.raises(ValueError, match='a must be float32'):
        dumps_pdparams({'a': np.ones(2)})
