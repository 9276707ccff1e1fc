import os
import pickle
import zipfile

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer

from mmseg_liteseg.checkpoint.errors import CheckpointFileError
from mmseg_liteseg.checkpoint.torch_file import plain, read_torch_file


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
        meta=dict(iter=10, dataset_meta=dict(classes=('a', 'b'), palette=[[0, 0, 0]]), odd=np.float64(3), x=object),
        optimizer=optimizer.state_dict(),
        message_hub=dict(log_scalars={'loss': HistoryBuffer([1.0], [1])}),
    )
    path = save(tmp_path / 'x.pth', checkpoint, _use_new_zipfile_serialization=new_format)
    loaded = read_torch_file(path)
    assert set(loaded) == {'state_dict', 'meta'}
    assert all(torch.equal(loaded['state_dict'][key], value) for key, value in checkpoint['state_dict'].items())
    assert loaded['meta'] == dict(iter=10, dataset_meta=dict(classes=('a', 'b'), palette=[[0, 0, 0]]))


def test_reads_a_bare_state_dict(tmp_path):
    loaded = read_torch_file(save(tmp_path / 'x.pth', torch.nn.Linear(2, 3).state_dict()))
    assert set(loaded['state_dict']) == {'weight', 'bias'}
    assert loaded['meta'] == {}


class Attack:
    def __reduce__(self):
        return os.system, ('touch pwned',)


@pytest.mark.parametrize('new_format', [True, False])
def test_nothing_in_a_file_runs(tmp_path, monkeypatch, new_format):
    monkeypatch.chdir(tmp_path)
    checkpoint = dict(state_dict=dict(a=torch.ones(1)), meta=dict(x=Attack()), message_hub=Attack())
    path = save(tmp_path / 'x.pth', checkpoint, _use_new_zipfile_serialization=new_format)
    assert list(read_torch_file(path)['state_dict']) == ['a']
    assert os.listdir(tmp_path) == ['x.pth']
    torch.load(path, weights_only=False)  # the attack is real
    assert 'pwned' in os.listdir(tmp_path)


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


def test_a_zip_of_something_else(tmp_path):
    with zipfile.ZipFile(tmp_path / 'x.pth', 'w') as archive:
        archive.writestr('a.txt', 'text')
    with pytest.raises(CheckpointFileError):
        read_torch_file(str(tmp_path / 'x.pth'))


def test_plain():
    value = dict(a=[1, 'b', None, object()], b=(1.5, {2}), c={'d': True, object: 1})
    assert plain(value) == dict(a=[1, 'b', None], b=(1.5,), c={'d': True})
