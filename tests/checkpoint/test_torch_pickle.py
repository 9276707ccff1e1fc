import datetime
import io
import pathlib
import pickle
import struct
import warnings
from collections import Counter, OrderedDict, defaultdict

import numpy as np
import pytest
import torch
from mmengine.config import ConfigDict
from mmengine.logging import HistoryBuffer

from mmseg_liteseg.checkpoint import torch_pickle
from mmseg_liteseg.checkpoint.errors import CheckpointFileError, UnsafeCheckpointError
from tests.checkpoint.attacks import PLACES, Call, forget_trust, hidden, payloads

pytestmark = pytest.mark.filterwarnings('ignore::UserWarning')  # torch on types that it is about to drop


def through(value, **options):
    buffer = io.BytesIO()
    torch.save(value, buffer, **options)
    buffer.seek(0)
    return torch.load(buffer, pickle_module=torch_pickle, weights_only=False)


def same(a, b, path='file'):
    """Whether two checkpoints hold the same, types included."""
    assert type(a) is type(b), path
    if isinstance(a, dict):
        assert list(a) == list(b), path
        for key in a:
            same(a[key], b[key], f'{path}.{key}')
    elif isinstance(a, (list, tuple)):
        assert len(a) == len(b), path
        for index, (x, y) in enumerate(zip(a, b)):
            same(x, y, f'{path}[{index}]')
    elif isinstance(a, torch.Tensor):
        same_tensor(a, b, path)
    elif isinstance(a, (np.ndarray, np.generic)):
        assert (a.dtype, a.shape) == (b.dtype, b.shape), path
        np.testing.assert_array_equal(a, b, path)
    elif isinstance(a, HistoryBuffer):
        same(a.data, b.data, path)
        assert a.max_length == b.max_length
        assert a.statistics('mean') == b.mean()
    else:
        assert a == b, path


def same_tensor(a, b, path):
    assert (a.dtype, a.shape, a.layout, a.device, a.requires_grad) == (
        b.dtype,
        b.shape,
        b.layout,
        b.device,
        b.requires_grad,
    )
    if a.is_sparse:
        a, b = a.to_dense(), b.to_dense()
    if a.device.type == 'meta':
        return
    assert a.stride() == b.stride(), path
    if a.is_quantized:
        a, b = a.int_repr(), b.int_repr()
    if a.dtype.is_floating_point and a.dtype.itemsize == 1:
        a, b = a.view(torch.uint8), b.view(torch.uint8)
    assert torch.equal(torch.resolve_conj(a), torch.resolve_conj(b)), path


def training():
    layer = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))
    optimizer = torch.optim.AdamW(layer.parameters())
    layer(torch.rand(2, 3)).sum().backward()
    optimizer.step()
    scalars = OrderedDict(loss=HistoryBuffer([1.0, 2.0], [1, 1]))
    return dict(
        state_dict=layer.state_dict(),
        optimizer=optimizer.state_dict(),
        param_schedulers=[dict(begin=0, last_step=3, by_epoch=False)],
        meta=dict(iter=1, dataset_meta=ConfigDict(classes=('a', 'b'), palette=[[0, 0, 0]]), seed=None),
        message_hub=dict(log_scalars=scalars, runtime_info=OrderedDict(best_score=np.float64(1)), resumed_keys={}),
    )


VALUES = dict(
    numbers=[0, -1, 255, 65536, 2**31, -(2**40), 2**70, 1.5, float('inf'), True, None, 1 + 2j],
    texts=['', 'ä' * 300, b'', b'\x00\xff' * 200, bytearray(b'xy')],
    containers=[{1, 2, (3, 'x')}, frozenset([1]), slice(1, 2), Counter('aab'), {1: {2.5: {('a', 1): None}}}],
    default=defaultdict(list, a=[1]),
    times=[datetime.datetime(2026, 1, 2, 3), datetime.date(2026, 1, 2), datetime.timedelta(1)],
    path=pathlib.Path('/a/b'),
    torch=[torch.float16, torch.bfloat16, torch.device('cuda:0'), torch.Size([1, 2])],
    scalars=[np.float64(3), np.int32(1), np.bool_(True), np.float16(2)],
    arrays=[np.arange(5), np.array(['a', 'bcd']), np.ones((2, 3), order='F'), np.array(3), np.zeros((0, 2))],
    objects=np.array([1, 'x', None], dtype=object),
    dtype=np.dtype('float32'),
    random=[np.random.RandomState(0).get_state(), torch.get_rng_state()],
)


@pytest.mark.parametrize('protocol', [2, 3, 4, 5])
def test_reads_what_trainings_and_people_save(protocol):
    value = {**training(), **VALUES}
    same(through(value, pickle_protocol=protocol), value)


def test_reads_the_format_before_1_6():
    value = {**training(), **VALUES}
    same(through(value, _use_new_zipfile_serialization=False), value)


def test_versions_of_layers_come_along():
    assert through(training())['state_dict']._metadata['1']['version'] == 2


def tensor_kinds():
    found = {getattr(torch, name) for name in dir(torch) if isinstance(getattr(torch, name), torch.dtype)}
    for dtype in sorted(found, key=str):
        buffer = io.BytesIO()
        try:
            torch.save(torch.zeros(3, dtype=dtype), buffer)
        except (KeyError, RuntimeError, TypeError, NotImplementedError):
            continue  # a type that this torch has no tensors of, or cannot save
        yield dtype


def test_tensors_of_every_type():
    kinds = list(tensor_kinds())
    assert {torch.float32, torch.bfloat16, torch.int8, torch.bool, torch.complex64} <= set(kinds)
    for dtype in kinds:
        assert through(torch.zeros(3, dtype=dtype)).dtype is dtype


def test_tensors_of_every_kind():
    numbers = torch.arange(24.0).view(4, 6)
    parameter = torch.nn.Parameter(numbers)
    parameter.note = 'ours'
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        quantized = torch.quantize_per_tensor(torch.rand(3), 0.1, 0, torch.qint8)
    value = [numbers[1:3], numbers.t(), torch.tensor(3.0), torch.zeros(0, 3), numbers.to_sparse(), quantized]
    value += [torch.ones(2, dtype=torch.complex64).conj(), torch.empty(3, device='meta'), parameter]
    same(through(value), value)


def test_views_share_their_storage():
    base = torch.zeros(4)
    a, b = through([base, base[2:]])
    b += 1
    assert a.tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize('old', [False, True], ids=['zip', 'old format'])
@pytest.mark.parametrize('place', PLACES)
def test_nothing_is_run_wherever_it_is(place, old, tmp_path, monkeypatch):
    forget_trust(monkeypatch)
    marker = tmp_path / 'pwned'
    for name, payload in payloads(marker).items():
        with pytest.raises(UnsafeCheckpointError, match=rf"refers to '.*({name})'.* Nothing in it was run"):
            through(hidden(payload, place), _use_new_zipfile_serialization=not old)
        assert not marker.exists()


@pytest.mark.parametrize(
    'name', ['system', 'eval', 'exec', 'open', 'SetState', '_load_from_bytes', '__import__|getattr']
)
def test_the_attacks_are_real(name, tmp_path):
    marker = tmp_path / 'pwned'
    pickle.loads(pickle.dumps(payloads(marker)[name]))
    assert marker.exists()


class Friend:
    def __init__(self, value):
        self.value = value


def test_what_the_user_allowed_to_torch_is_allowed_here():
    if not hasattr(torch.serialization, 'safe_globals'):
        pytest.skip('this torch has no list of safe globals')
    with pytest.raises(UnsafeCheckpointError, match='Friend'):
        through(Friend(3))
    with torch.serialization.safe_globals([Friend, getattr]):
        assert through(Friend(3)).value == 3
        with pytest.raises(UnsafeCheckpointError, match='getattr'):
            through(Call(getattr, [], 'append'))


def pickled(opcodes):
    return io.BytesIO(b'\x80\x02' + opcodes + b'.')


@pytest.mark.parametrize(
    ('opcodes', 'message'),
    [
        (
            b'cbuiltins\ngetattr\ncmmengine.logging.history_buffer\nHistoryBuffer\nX\x08\x00\x00\x00__init__\x86R',
            'getattr',
        ),
        (b'ctorch\nload\n', 'torch.load'),
        (b'ctorch\nhub\n', 'torch.hub'),
        (b'ccollections\nOrderedDict\n}b', 'sets the state'),  # pickle would set attributes of the class
        (b'ccollections\nOrderedDict\n)\x81', 'no class'),
        (b'}X\x01\x00\x00\x00aNsb', 'damaged'),
        (b'K\x01K\x02R', 'no function'),
        (b'K\x01)\x81', 'no class'),
        (b'cmmengine.logging.history_buffer\nHistoryBuffer\n)R', 'calls a global'),
        (b'(X\x06\x00\x00\x00moduleNNNtQ', 'no storage'),
        (b'X\x07\x00\x00\x00storage\x85Q', 'refers to a storage'),
        (b'})' + b'\x85' * 50_000 + b'Ns', 'key of type tuple'),
        (b'cbuiltins\nbytearray\nJ\xff\xff\xff\x7f\x85R', 'bytes of something'),
        (b'cnumpy\ndtype\nX\x02\x00\x00\x00V8\x89\x88\x87R', 'something other than numbers'),
        (b'B' + struct.pack('<I', 2**32 - 1), 'ends in the middle'),
        (b'i os\nsystem\n', 'pickle operation'),
        (b'\x82\x01', 'pickle operation'),
    ],
)
def test_what_no_checkpoint_holds_is_refused(opcodes, message):
    with pytest.raises(CheckpointFileError, match=message):
        torch_pickle.load(pickled(opcodes))


def test_flags_of_an_array_are_not_taken_from_the_file():
    """numpy would follow the numbers of such an array as pointers."""
    text = b'X\x02\x00\x00\x00S8'
    state = b'(K\x03X\x01\x00\x00\x00|NNNK\x08K\x01K?t'
    assert torch_pickle.load(pickled(b'cnumpy\ndtype\n' + text + b'\x89\x88\x87R' + state + b'b')).flags == 0


def test_statistics_of_the_message_hub_are_not_taken_from_the_file():
    buffer = HistoryBuffer([1.0, 3.0], [1, 1])
    buffer.__dict__['statistics'] = 'overridden'
    data = pickle.dumps(buffer, 4)
    assert torch_pickle.load(io.BytesIO(data)).statistics('mean') == 2


def test_a_tensor_that_reaches_beyond_its_storage_is_refused():
    class Liar:
        def __reduce__(self):
            storage = torch.ones(4).untyped_storage()
            typed = torch.storage.TypedStorage(wrap_storage=storage, dtype=torch.float32, _internal=True)
            return torch._utils._rebuild_tensor_v2, (typed, 2, (3,), (1,), False, OrderedDict())

    with pytest.raises(CheckpointFileError, match=r'shape \(3,\) whose data has only 4'):
        through([Liar()])


def test_repeated_text_does_not_become_gigabytes():
    text = b'X' + struct.pack('<I', 1000) + b'a' * 1000 + b'q\x00'
    call = b'c_codecs\nencode\nh\x00X\x06\x00\x00\x00latin1\x86R'
    with pytest.raises(CheckpointFileError, match='again and again'):
        torch_pickle.load(pickled(text + call * 1000))
