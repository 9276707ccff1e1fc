import hashlib
import os

import pytest
import torch
from mmengine.logging import HistoryBuffer

from mmseg_liteseg.checkpoint.errors import CheckpointFileError
from mmseg_liteseg.checkpoint.publish import publish

BIG = torch.arange(10_000.0)
CHECKPOINT = dict(
    state_dict={'a.weight': torch.rand(3, 4), 'a.view': BIG[:2], 'a.num_batches_tracked': torch.tensor(7)},
    meta=dict(
        iter=10, cfg='model = 1', dataset_meta=dict(classes=('x',)), hook_msgs=dict(best_ckpt='/home/me/best.pth')
    ),
    optimizer=dict(state={0: BIG}),
    message_hub=dict(log_scalars={'loss': HistoryBuffer([1.0], [1])}),
    param_schedulers=[dict(last_step=3)],
)


@pytest.fixture
def source(tmp_path):
    (tmp_path / 'in').mkdir()
    torch.save(CHECKPOINT, tmp_path / 'in' / 'iter_10.pth')
    return str(tmp_path / 'in' / 'iter_10.pth')


def test_publishes_weights_and_meta_alone(source, tmp_path):
    path = publish(source, str(tmp_path / 'name.pth'))
    with open(path, 'rb') as file:
        data = file.read()
    assert os.path.basename(path) == f'name-{hashlib.sha256(data).hexdigest()[:8]}.pth'
    assert sorted(os.listdir(tmp_path)) == ['in', os.path.basename(path)]
    assert len(data) < 8000  # the view did not bring its 40 kB along
    loaded = torch.load(path, weights_only=True)
    assert set(loaded) == {'state_dict', 'meta'}
    assert loaded['meta'] == dict(iter=10, cfg='model = 1', dataset_meta=dict(classes=('x',)))
    assert list(loaded['state_dict']) == list(CHECKPOINT['state_dict'])
    for key, value in CHECKPOINT['state_dict'].items():
        assert torch.equal(loaded['state_dict'][key], value)
        assert loaded['state_dict'][key].dtype == value.dtype


def test_the_name_follows_the_content(source, tmp_path):
    first = publish(source, str(tmp_path / 'a.pth'))
    assert publish(source, str(tmp_path / 'a.pth')) == first
    other = {**CHECKPOINT, 'state_dict': {'a.weight': torch.rand(3, 4)}}
    torch.save(other, source)
    assert publish(source, str(tmp_path / 'a.pth')) != first


def test_bad_arguments_are_named(source, tmp_path):
    with pytest.raises(ValueError, match=r"end in \.pth, got 'x\.pdparams'"):
        publish(source, 'x.pdparams')
    with pytest.raises(FileNotFoundError, match='no folder'):
        publish(source, str(tmp_path / 'no' / 'x.pth'))
    (tmp_path / 'broken.pth').write_bytes(b'<html>')
    with pytest.raises(CheckpointFileError, match=r'broken\.pth is no PyTorch checkpoint'):
        publish(str(tmp_path / 'broken.pth'), str(tmp_path / 'x.pth'))
    assert sorted(os.listdir(tmp_path)) == ['broken.pth', 'in']
