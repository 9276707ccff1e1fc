"""Every way by which mmengine reads a checkpoint, with files that would run something and with sound ones."""

import io

import pytest
import torch
from mmengine.runner import CheckpointLoader
from mmengine.runner import checkpoint as host

from mmseg_liteseg.checkpoint import schemes
from mmseg_liteseg.checkpoint.errors import CheckpointFileError, UnsafeCheckpointError
from mmseg_liteseg.trust import TRUST_VARIABLE
from tests.checkpoint.attacks import base, forget_trust, hidden, payloads


@pytest.fixture(autouse=True)
def without_trust(monkeypatch):
    forget_trust(monkeypatch)


@pytest.fixture
def marker(tmp_path):
    return tmp_path / 'pwned'


def dumps(value, **options):
    buffer = io.BytesIO()
    torch.save(value, buffer, **options)
    return buffer.getvalue()


@pytest.fixture
def place(server, tmp_path, monkeypatch):
    """Puts a file where an address of some scheme leads; returns the address."""

    def put(scheme, content):
        (tmp_path / 'x.pth').write_bytes(content)
        url = server.put('/x.pth', content)
        models = {'local_model': str(tmp_path / 'x.pth'), 'model': url}
        monkeypatch.setattr(host, 'get_torchvision_models', lambda: models)
        monkeypatch.setattr(host, 'get_external_models', lambda: models)
        monkeypatch.setattr(host, 'get_mmcls_models', lambda: models)
        monkeypatch.setattr(host, 'get_deprecated_model_names', lambda: {'old_model': 'model'})
        monkeypatch.setattr(schemes, 'get_file_backend', lambda *args, **kwargs: Store(content))
        return {'local': str(tmp_path / 'x.pth'), 'http': url}.get(scheme, scheme)

    return put


class Store:
    def __init__(self, content):
        self.content = content

    def get(self, name):
        return self.content


SCHEMES = (
    *('local', 'http', 's3://bucket/x.pth', 'cluster:petrel://bucket/x.pth', 'torchvision://model', 'modelzoo://model'),
    *('open-mmlab://model', 'openmmlab://old_model', 'open-mmlab://local_model', 'mmcls://model'),
)


@pytest.mark.parametrize('scheme', SCHEMES)
def test_nothing_is_run(scheme, place, marker, monkeypatch):
    path = place(scheme, dumps(hidden(payloads(marker)['system'], 'meta')))
    with pytest.raises(UnsafeCheckpointError, match=r"x\.pth refers to '(posix|nt)\.system'.*--trust-checkpoint"):
        CheckpointLoader.load_checkpoint(path)
    assert not marker.exists()
    monkeypatch.setenv(TRUST_VARIABLE, '1')
    CheckpointLoader.load_checkpoint(path)
    assert marker.exists()


@pytest.mark.parametrize('scheme', SCHEMES)
def test_sound_files_load_on_the_device_asked_for(scheme, place):
    content = base()
    content['state_dict'] = {'backbone.a': torch.ones(2)}
    loaded = CheckpointLoader.load_checkpoint(place(scheme, dumps(content)), map_location='meta')
    assert [tensor.device.type for tensor in loaded['state_dict'].values()] == ['meta']


def test_a_download_is_kept(place, server):
    path = place('http', dumps(base()))
    CheckpointLoader.load_checkpoint(path)
    CheckpointLoader.load_checkpoint(f'{path}?again')
    assert server.requests == ['/x.pth']


def test_a_download_that_is_cut_off_leaves_nothing(server, tmp_path):
    content = dumps(base())
    url = server.put('/x.pth', content[:-100], length=len(content))
    with pytest.raises(CheckpointFileError, match=r'x\.pth is no PyTorch checkpoint, or its download was cut off'):
        CheckpointLoader.load_checkpoint(url)
    assert not list((tmp_path / 'torch/hub/checkpoints').iterdir())


def test_a_page_of_a_server_is_named(server):
    with pytest.raises(CheckpointFileError, match='404'):
        CheckpointLoader.load_checkpoint(f'{server.url}/gone.pth')


def test_unknown_names_are_named(place):
    place('local', b'')
    with pytest.raises(CheckpointFileError, match=r'torchvision://gone: no model of that name among the 2'):
        CheckpointLoader.load_checkpoint('torchvision://gone')


def test_no_reader_of_the_host_is_left():
    assert not [loader for loader in CheckpointLoader._schemes.values() if loader.__module__ == host.__name__]
