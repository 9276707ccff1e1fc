import io
import os
import pickle
import re
import zipfile

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer

from mmseg_liteseg.checkpoint.errors import CheckpointFileError, UnsafeCheckpointError
from mmseg_liteseg.checkpoint.torch_file import load_torch, plain, read_torch_file
from mmseg_liteseg.trust import TRUST_VARIABLE
from tests.checkpoint.attacks import config_program, forget_trust, hidden, payloads, write_tar, write_torchscript


def save(path, value, **kwargs):
    torch.save(value, path, **kwargs)
    return str(path)


@pytest.mark.parametrize('new_format', [True, False])
def test_reads_a_checkpoint_of_a_training(tmp_path, new_format):
    weight = torch.nn.Parameter(torch.rand(3, 4))
    optimizer = torch.optim.SGD([weight], lr=0.1, momentum=0.9)
    weight.sum().backward()
    optimizer.step()
    checkpoint = dict(
        state_dict=dict(weight=weight.detach(), parameter=weight, counter=torch.tensor(3), half=weight.detach().half()),
        meta=dict(iter=10, dataset_meta=dict(classes=('a', 'b'), palette=[[0, 0, 0]]), odd=np.float64(3), x=np.ones(2)),
        optimizer=optimizer.state_dict(),
        message_hub=dict(log_scalars={'loss': HistoryBuffer([1.0], [1])}),
    )
    path = save(tmp_path / 'x.pth', checkpoint, _use_new_zipfile_serialization=new_format)
    loaded = read_torch_file(path)
    assert set(loaded) == {'state_dict', 'meta'}
    assert all(torch.equal(loaded['state_dict'][key], value) for key, value in checkpoint['state_dict'].items())
    assert loaded['meta'] == dict(iter=10, dataset_meta=dict(classes=('a', 'b'), palette=[[0, 0, 0]]), odd=3.0)
    assert type(loaded['meta']['odd']) is float


def test_reads_a_bare_state_dict(tmp_path):
    loaded = read_torch_file(save(tmp_path / 'x.pth', torch.nn.Linear(2, 3).state_dict()))
    assert set(loaded['state_dict']) == {'weight', 'bias'}
    assert loaded['meta'] == {}


@pytest.fixture(autouse=True)
def without_trust(monkeypatch):
    forget_trust(monkeypatch)


@pytest.mark.parametrize('new_format', [True, False])
@pytest.mark.parametrize('read', [read_torch_file, load_torch])
def test_what_would_run_is_refused_until_the_user_says_so(tmp_path, monkeypatch, read, new_format):
    marker = tmp_path / 'pwned'
    checkpoint = hidden(payloads(marker)['system'], 'meta')
    path = save(tmp_path / 'x.pth', checkpoint, _use_new_zipfile_serialization=new_format)
    with pytest.raises(UnsafeCheckpointError) as caught:
        read(path)
    message = str(caught.value)
    assert re.match(rf"{path} refers to '(posix|nt)\.system'", message)
    assert '--trust-checkpoint' in message
    assert f'{TRUST_VARIABLE}=1' in message
    assert '\n' not in message
    assert not marker.exists()

    monkeypatch.setenv(TRUST_VARIABLE, '1')
    assert list(read(path)['state_dict']) == ['a']
    assert marker.exists()


def test_a_torchscript_archive_is_refused(tmp_path):
    write_torchscript(tmp_path / 'x.pth')
    with pytest.raises(UnsafeCheckpointError, match='is a TorchScript archive'):
        load_torch(tmp_path / 'x.pth')


@pytest.mark.parametrize('magic', [True, False])
def test_a_tar_is_refused_before_anything_is_unpacked(tmp_path, magic):
    folder = tmp_path / 'inner'
    folder.mkdir()
    write_tar(folder / 'x.pth', tmp_path / 'pwned')
    if not magic:  # the oldest tars have none; Python reads them all the same
        data = bytearray((folder / 'x.pth').read_bytes())
        for start in [i * 512 for i in range(len(data) // 512) if data[i * 512 + 257 : i * 512 + 262] == b'ustar']:
            data[start + 257 : start + 265] = bytes(8)
            data[start + 148 : start + 156] = b' ' * 8
            data[start + 148 : start + 156] = b'%06o\0 ' % sum(data[start : start + 512])
        (folder / 'x.pth').write_bytes(data)
    with pytest.raises(UnsafeCheckpointError, match='is a tar archive'):
        load_torch(folder / 'x.pth')
    assert [path.name for path in tmp_path.iterdir()] == ['inner']


def test_a_config_that_is_a_program_is_refused(tmp_path):
    path = save(tmp_path / 'x.pth', config_program(tmp_path / 'pwned'))
    with pytest.raises(UnsafeCheckpointError, match=r'config that is a program, not data \(meta.cfg, line 2'):
        load_torch(path)


def test_loads_without_a_word(tmp_path, recwarn, capfd):
    weight = torch.nn.Parameter(torch.ones(2))
    hub = dict(log_scalars={'loss': HistoryBuffer([1.0], [1])}, runtime_info=dict(best=np.float64(3)))
    path = save(tmp_path / 'x.pth', dict(state_dict=dict(a=weight), message_hub=hub))
    assert load_torch(path)['message_hub']['log_scalars']['loss'].mean() == 1
    assert not recwarn.list
    assert capfd.readouterr() == ('', '')


@pytest.mark.parametrize('variable', ['TORCH_FORCE_WEIGHTS_ONLY_LOAD'])
def test_torchs_variable_for_caution_does_not_get_in_the_way(tmp_path, monkeypatch, variable):
    monkeypatch.setenv(variable, '1')
    path = save(tmp_path / 'x.pth', dict(state_dict=dict(a=torch.ones(1)), hub=HistoryBuffer([1.0], [1])))
    assert load_torch(path)['hub'].mean() == 1
    assert os.environ[variable] == '1'


def test_reads_an_open_file_and_puts_tensors_where_asked(tmp_path):
    buffer = io.BytesIO()
    torch.save(dict(a=torch.ones(3)), buffer)
    buffer.seek(0)
    assert load_torch(buffer, map_location='meta')['a'].device.type == 'meta'


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (b'', 'no PyTorch checkpoint'),
        (b'<html>404</html>', 'no PyTorch checkpoint'),
        (pickle.dumps({'a': 1}), 'no PyTorch checkpoint'),
    ],
)
def test_other_files_are_named(tmp_path, content, message):
    (tmp_path / 'x.pth').write_bytes(content)
    with pytest.raises(CheckpointFileError, match=rf'x\.pth .*{message}'):
        read_torch_file(str(tmp_path / 'x.pth'))


def test_truncation_is_noticed(tmp_path):
    path = save(tmp_path / 'x.pth', dict(state_dict=dict(a=torch.rand(1000))))
    data = (tmp_path / 'x.pth').read_bytes()
    for keep in (0.1, 0.5, 0.95):
        (tmp_path / 'x.pth').write_bytes(data[: int(keep * len(data))])
        with pytest.raises(CheckpointFileError, match='cut off'):
            read_torch_file(path)


@pytest.mark.parametrize(
    ('value', 'message'),
    [
        ([1, 2], 'holds a list'),
        (dict(state_dict={}), 'no state_dict'),
        (dict(state_dict=dict(a=1)), "int under 'a'"),
        (dict(state_dict={1: torch.ones(1)}), 'under 1 '),
        (dict(epoch=3), "int under 'epoch'"),
    ],
)
def test_other_contents_are_named(tmp_path, value, message):
    with pytest.raises(CheckpointFileError, match=message):
        read_torch_file(save(tmp_path / 'x.pth', value))


def test_missing_files(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'expected a \.pth'):
        read_torch_file(str(tmp_path / 'x.pth'))


@pytest.mark.parametrize('read', [read_torch_file, load_torch])
def test_a_zip_of_something_else_is_named(tmp_path, read):
    """As releases and old zoos have them."""
    with zipfile.ZipFile(tmp_path / 'x.pth', 'w') as archive:
        archive.writestr('models/', '')
        archive.writestr('models/best.pth', 'x')
    with pytest.raises(CheckpointFileError, match=r'zip archive of models/best\.pth: unpack it'):
        read(str(tmp_path / 'x.pth'))


def test_plain():
    value = dict(a=[1, 'b', None, object()], b=(1.5, {2}), c={'d': True, object: 1})
    assert plain(value) == dict(a=[1, 'b', None], b=(1.5,), c={'d': True})
