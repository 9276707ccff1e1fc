"""Whatever a file holds, only our own error comes out of the reader."""

from __future__ import annotations

import gzip
import pickle
import random
import struct
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mmseg_liteseg.checkpoint.archive import read_tar_gz
from mmseg_liteseg.checkpoint.convert import from_paddle
from mmseg_liteseg.checkpoint.errors import CheckpointFileError
from mmseg_liteseg.checkpoint.pdparams import NAME_TABLE, dumps_pdparams, loads_pdparams
from tests.checkpoint.builders import make_encoder_arrays, make_tar_gz

ARRAYS = {f'features.{i}.conv.weight': np.full((2, 3, 1, 1), i, np.float32) for i in range(4)}
FILES = {
    'ours': dumps_pdparams(ARRAYS),
    **{f'protocol {p}': pickle.dumps({**ARRAYS, NAME_TABLE: dict.fromkeys(ARRAYS, 'x')}, p) for p in (2, 3, 4)},
}
OPCODES = [bytes([code]) for code in range(256)]


def mutate(data: bytes, rng: random.Random) -> bytes:
    """One to four damages: bits flipped, parts cut out, doubled, moved or overwritten."""
    content = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        start = rng.randrange(len(content) + 1)
        end = min(len(content), start + rng.choice([1, 1, 2, 8, 64, 1000]))
        kind = rng.randrange(6)
        if kind == 0:
            content[start:end] = bytes(byte ^ (1 << rng.randrange(8)) for byte in content[start:end])
        elif kind == 1:
            del content[start:end]
        elif kind == 2:
            content[start:start] = content[start:end] * rng.randint(1, 3)
        elif kind == 3:
            content[start:end] = b''.join(rng.choice(OPCODES) for _ in range(end - start))
        elif kind == 4:
            content[start : start + 4] = struct.pack('<I', rng.choice([0, 1, 2**31 - 1, 2**31, 2**32 - 1]))
        else:
            del content[start:]
    return bytes(content)


def read(data: bytes) -> bool:
    try:
        arrays = loads_pdparams(data)
    except CheckpointFileError:
        return False
    assert all(isinstance(array, np.ndarray) and array.dtype.kind in 'fiub' for array in arrays.values())
    return True


@pytest.mark.parametrize('name', FILES)
def test_mutated_files(name):
    rng = random.Random(name)
    assert read(FILES[name])
    outcomes = [read(mutate(FILES[name], rng)) for _ in range(2000)]
    assert 0 < sum(outcomes) < len(outcomes) / 2  # a flipped weight goes unnoticed, most damage does not


def test_mutated_encoders_through_the_conversion():
    data, rng, failures = dumps_pdparams(make_encoder_arrays(base=8)), random.Random(1), 0
    for _ in range(60):
        try:
            from_paddle(loads_pdparams(mutate(data, rng)))
        except CheckpointFileError:
            failures += 1
    assert 10 < failures < 60


def test_mutated_archives():
    archive, rng = make_tar_gz({'dir/model.pdparams': FILES['ours'], 'README': b'text'}), random.Random(2)
    inner, failures = gzip.decompress(archive), 0
    for index in range(1200):
        if index % 2:
            file = mutate(archive, rng)
        else:  # damage behind a right checksum
            file = gzip.compress(mutate(inner, rng), compresslevel=1)
        try:
            loads_pdparams(read_tar_gz(file))
        except CheckpointFileError:
            failures += 1
    assert failures > 400


# Pieces of pickles put together at random reach further than bytes do.
PIECES = [
    *(b'}', b']', b')', b'(', b'N', b'\x88', b'\x89', b'K\x00', b'K\x02', b'\x85', b'\x86', b'\x87', b't', b'u', b's'),
    *(b'e', b'a', b'R', b'b', b'q\x00', b'h\x00', b'\x94', b'\x93', b'C\x08' + bytes(8), b'C\x01b'),
    *(b'cnumpy\nndarray\n', b'cnumpy\ndtype\n', b'cnumpy.core.multiarray\n_reconstruct\n', b'c_codecs\nencode\n'),
    *(b'ccollections\nOrderedDict\n', b'cbuiltins\ntuple\n', b'cos\nsystem\n'),
    *(b'X\x02\x00\x00\x00f4', b'X\x01\x00\x00\x00a', b'X\x06\x00\x00\x00latin1', b'X\x01\x00\x00\x00<'),
    b'cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85C\x01b\x87R',
    b'cnumpy\ndtype\nX\x02\x00\x00\x00f4\x89\x88\x87R',
]


def test_random_pieces_of_pickles():
    rng = random.Random(3)
    for _ in range(5000):
        read(b'\x80\x02' + b''.join(rng.choices(PIECES, k=rng.randint(1, 30))) + b'.')


@settings(max_examples=200, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.sampled_from(PIECES), max_size=25))
def test_pieces_of_pickles(pieces):
    read(b'\x80\x02' + b''.join(pieces) + b'.')


@settings(max_examples=200, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(st.binary(max_size=200))
def test_any_bytes(data):
    read(data)
    read(b'\x80\x04' + data)
    with suppress(CheckpointFileError):
        read_tar_gz(data)
