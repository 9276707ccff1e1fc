import builtins
import os
import pickle
import struct
import tracemalloc
from contextlib import suppress

import pytest

from mmseg_liteseg.checkpoint.errors import CheckpointFileError
from mmseg_liteseg.checkpoint.safe_pickle import SafeGlobal, SafeUnpickler


class Echo(SafeGlobal):
    def call(self, args):
        return ['called', *args]


ALLOWED = {('safe', 'echo'): Echo()}
MARKER = 'pwned'


def load(data: bytes):
    return SafeUnpickler(data, ALLOWED).load()


@pytest.mark.parametrize('protocol', [2, 3, 4])
@pytest.mark.parametrize(
    'value',
    [
        {'a': 1, 'b': [1, 2.5, None, True, False], 'c': ('x',) * 5},
        {'nested': {'deep': [{}, [], ()]}, 'numbers': [0, 255, 256, 65535, 65536, -1, 2**31, -(2**40)]},
        {str(i): ('same', i) for i in range(600)},  # memo indices above one byte
        {'text': 'ä' * 300, 'empty': ''},
        [1, 2, 3],
    ],
)
def test_reads_plain_data_like_pickle(value, protocol):
    assert load(pickle.dumps(value, protocol)) == value


@pytest.mark.parametrize('protocol', [3, 4])
def test_bytes_are_views_of_the_file(protocol):
    data = pickle.dumps([b'x' * 300, b''], protocol)
    long, empty = load(data)
    assert isinstance(long, memoryview)
    assert long.obj is data
    assert long == b'x' * 300
    assert len(empty) == 0


def test_calls_go_to_the_stand_in():
    assert load(b'\x80\x02csafe\necho\nK\x01K\x02\x86R.') == ['called', 1, 2]


class Command:
    def __init__(self, function, *args):
        self.function, self.args = function, args

    def __reduce__(self):
        return self.function, self.args


@pytest.mark.parametrize('protocol', [2, 3, 4])
@pytest.mark.parametrize(
    ('attack', 'name'),
    [
        (Command(os.system, f'touch {MARKER}'), 'system'),
        (Command(builtins.eval, f"open('{MARKER}', 'w')"), 'eval'),
        (Command(getattr, Command(__import__, 'os'), 'system'), '__import__|getattr'),
        (Command(open, MARKER, 'w'), 'open'),
    ],
)
def test_other_globals_are_refused_by_name(attack, name, protocol, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    data = pickle.dumps({'weight': [attack]}, protocol)
    with pytest.raises(CheckpointFileError, match=rf'refers to .*({name}).*Nothing in it was run'):
        load(data)
    assert not list(tmp_path.iterdir())
    pickle.loads(pickle.dumps(Command(open, MARKER, 'w'), protocol)).close()  # the attack is real
    assert list(tmp_path.iterdir())


class Persistent(pickle.Pickler):
    def persistent_id(self, obj):
        return 'storage' if obj == 'x' else None


def test_persistent_ids_are_refused(tmp_path):
    with open(tmp_path / 'f', 'wb') as file:
        Persistent(file, 2).dump(['x'])
    with pytest.raises(CheckpointFileError, match='pickle operation'):
        load((tmp_path / 'f').read_bytes())


@pytest.mark.parametrize(
    'opcodes',
    [
        b'\x82\x01',  # EXT1
        b'\x97',  # NEXT_BUFFER
        b'\x96' + struct.pack('<Q', 4) + b'abcd',  # BYTEARRAY8
        b'csafe\necho\n)\x81',  # NEWOBJ
        b'(csafe\necho\no',  # OBJ
        b'(isafe\necho\n',  # INST
        b'I1\n',  # INT as text
        b'L' + b'9' * 5000 + b'L\n',  # a number that takes long to parse
        b'\x8b' + struct.pack('<i', 4) + b'abcd',  # LONG4
        b'\x8f',  # EMPTY_SET
    ],
)
def test_other_operations_are_refused(opcodes):
    with pytest.raises(CheckpointFileError, match='pickle operation'):
        load(b'\x80\x02' + opcodes + b'.')


@pytest.mark.parametrize('protocol', [0, 1, 5, 200])
def test_other_protocols_are_refused(protocol):
    with pytest.raises(CheckpointFileError, match=f'protocol {protocol}'):
        load(bytes([0x80, protocol]) + b'N.')


@pytest.mark.parametrize(
    ('opcodes', 'message'),
    [
        (b'N', 'cut off'),
        (b'', 'cut off'),
        (b'.', 'damaged'),  # nothing on the stack
        (b'(.', 'damaged'),
        (b'NNs.', 'damaged'),
        (b'N(u.', 'no dictionary'),
        (b'u.', 'damaged'),
        (b'h\x07.', 'damaged'),  # no such memo
        (b'}X\x01\x00\x00\x00aNX\x01\x00\x00\x00aNu.', 'damaged'),  # no mark
        (b'}(X\x01\x00\x00\x00aNX\x01\x00\x00\x00aNu.', "'a' twice"),
        (b'}(X\x01\x00\x00\x00au.', 'no dictionary'),  # a key without value
        (b'](K\x01K\x02u.', 'no dictionary'),
        (b'}(K\x01e.', 'no list'),
        (b'}K\x01Ns.', 'key of type int'),
        (b'K\x01)R.', 'no function'),
        (b'csafe\necho\nK\x01R.', 'no function'),
        (b'}}b.', 'has none'),
        (b'csafe\necho\n}b.', 'has none'),  # pickle would set attributes of the stand-in
        (b'X\x02\x00\x00\x00\xff\xfe.', 'damaged'),  # not UTF-8
        (b'K\x01K\x02\x93.', 'no text'),
        (b'c' + b'x' * 1000 + b'\n', 'no name'),
        (b'N.N', '1 bytes after the end'),
    ],
)
def test_damaged_data_is_refused(opcodes, message):
    with pytest.raises(CheckpointFileError, match=message):
        load(b'\x80\x02' + opcodes)


def test_a_deeply_nested_key_is_refused():
    # hashing such a tuple overflows the stack of the interpreter
    with pytest.raises(CheckpointFileError, match='key of type tuple'):
        load(b'\x80\x02})' + b'\x85' * 50_000 + b'Ns.')


def test_deep_nesting_is_harmless():
    value = load(b'\x80\x02)' + b'\x85' * 50_000 + b'.')
    assert isinstance(value, tuple)


@pytest.mark.parametrize(
    'bomb',
    [
        b'B' + struct.pack('<I', 2**32 - 1),  # 4 GiB of bytes
        b'\x8e' + struct.pack('<Q', 2**62),
        b'\x8d' + struct.pack('<Q', 2**62),
        b'Nr' + struct.pack('<I', 2**31) + b'.',  # a memo index for which pickle allocates 32 GiB
        b'\x95' + struct.pack('<Q', 2**62) + b'N.',  # a frame
    ],
)
def test_announced_sizes_allocate_nothing(bomb):
    tracemalloc.start()
    with suppress(CheckpointFileError):
        load(b'\x80\x04' + bomb)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1 << 20


def test_endless_work_is_refused():
    with pytest.raises(CheckpointFileError, match='operations'):
        load(b'\x80\x02' + b'N' * 600_000 + b'.')
