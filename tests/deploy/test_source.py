import numpy as np
import pytest
import torch
from mmengine.runner import load_checkpoint

from mmseg_liteseg.datasets.classes import CAMVID_METAINFO
from mmseg_liteseg.deploy.errors import DeployError
from mmseg_liteseg.deploy.graph import interface_of
from mmseg_liteseg.deploy.runners import open_artefact
from mmseg_liteseg.deploy.source import load_source, reference_logits, sha256_of
from tests.helpers import REPO, assert_argmax


def save(tmp_path, state_dict, meta=None):
    path = tmp_path / 'changed.pth'
    torch.save(dict(state_dict=state_dict, meta=meta or {}), path)
    return str(path)


@pytest.fixture
def weights(tiny):
    return torch.load(tiny[1], weights_only=True)['state_dict']


def test_smoke(source, tiny):
    assert not source.model.training
    assert not any('SyncBatchNorm' in type(m).__name__ for m in source.model.modules())
    assert source.classes == CAMVID_METAINFO['classes']
    assert source.palette[3] == (128, 64, 128)
    assert source.files['checkpoint'] == 'weights.pth'
    assert source.files['checkpoint_sha256'] == sha256_of(tiny[1])


def test_reference_is_what_mmseg_predicts(source):
    x = torch.randn(2, 3, 50, 70, generator=torch.Generator().manual_seed(1))
    logits = reference_logits(source.model, x)
    predicted = torch.cat([sample.pred_sem_seg.data for sample in source.model.predict(x)])
    assert_argmax(predicted, logits)
    assert len(predicted.unique()) >= 5  # a network of one answer would prove nothing


def test_missing_weight_is_refused_where_mmengine_goes_on(tiny, weights, tmp_path):
    key = 'decode_head.conv_seg.weight'
    weights.pop(key)
    with pytest.raises(DeployError, match=key):
        load_source(str(tiny[0]), save(tmp_path, weights))


def test_weights_of_training_alone_may_be_missing(tiny, weights, tmp_path):
    kept = {f'module.{k}': v for k, v in weights.items() if not k.startswith('decode_head.aux_heads.')}
    load_source(str(tiny[0]), save(tmp_path, kept))


def test_classes_come_from_the_checkpoint_first(tiny, weights, tmp_path):
    meta = dict(dataset_meta=dict(classes=[f'c{i}' for i in range(11)], palette=[[i, i, i] for i in range(11)]))
    source = load_source(str(tiny[0]), save(tmp_path, weights, meta))
    assert source.classes[10] == 'c10'
    assert source.palette[10] == (10, 10, 10)


def test_wrong_number_of_classes(tiny, weights, tmp_path):
    path = save(tmp_path, weights, dict(dataset_meta=dict(classes=['a', 'b'])))
    with pytest.raises(DeployError, match='11 classes, but 2'):
        load_source(str(tiny[0]), path)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'model.test_cfg.mode': 'slide'}, 'whole images'),
        ({'model.data_preprocessor.test_cfg': dict(size_divisor=32)}, 'size_divisor'),
    ],
)
def test_what_an_export_does_not_do_is_refused(tiny, options, message):
    with pytest.raises(DeployError, match=message):
        load_source(*map(str, tiny), options)


def test_files_are_named(tiny, tmp_path):
    with pytest.raises(DeployError, match=r'gone\.py: no such file'):
        load_source(str(tmp_path / 'gone.py'), str(tiny[1]))
    with pytest.raises(ValueError, match=r'gone\.pth: no such file'):
        load_source(str(tiny[0]), str(tmp_path / 'gone.pth'))
    broken = tmp_path / 'broken.pth'
    broken.write_bytes(tiny[1].read_bytes()[:1000])
    with pytest.raises(DeployError, match=r'broken\.pth: cannot be read'):
        load_source(str(tiny[0]), str(broken))


def test_loaded_as_mmengine_would(source, tiny):
    other = load_source(*map(str, tiny))
    load_checkpoint(other.model, str(tiny[1]))
    for key, value in source.model.state_dict().items():
        assert torch.equal(value, other.model.state_dict()[key]), key


@pytest.mark.parametrize(
    ('value', 'found'),
    [
        (torch.tensor([1.0, 2.0, 4.0]), (1, 2, 4)),
        (np.float32([[1], [2], [4]]), (1, 2, 4)),
        (127.5, (127.5,) * 3),
        ([127.5], (127.5,) * 3),
    ],
    ids=['tensor', 'array', 'number', 'one for all'],
)
def test_mean_and_std_in_whatever_form(tiny, value, found):
    options = {f'model.data_preprocessor.{name}': value for name in ('mean', 'std')}
    interface = interface_of(load_source(*map(str, tiny), options))
    assert (interface.color, interface.mean, interface.std) == ('rgb', found, found)


def test_a_mean_that_is_none(tiny):
    with pytest.raises(DeployError, match=r"^model.data_preprocessor.mean: expected a number per channel, got \['x'"):
        load_source(*map(str, tiny), {'model.data_preprocessor.mean': ['x', 'y', 'z']})


@pytest.mark.parametrize('value', [None, 1, b'x'])
def test_what_is_no_path_is_named(tiny, value):
    with pytest.raises(DeployError, match=r'^config: expected a path'):
        load_source(value, str(tiny[1]))
    with pytest.raises(DeployError, match=r'^checkpoint: expected a path'):
        load_source(str(tiny[0]), value)
    with pytest.raises(DeployError, match=r'^artefact: expected a path'):
        open_artefact(value)


def test_settings_follow_as_in_training(weights, tmp_path):
    config = tmp_path / 'own.py'
    base = REPO / 'checkpoints/ppliteseg_stdc1_camvid-360x480.py'
    config.write_text(f"_base_ = r'{base}'\ndata_root = 'mine'\n")
    checkpoint = str(REPO / 'checkpoints/ppliteseg_stdc1_camvid-360x480.pth')
    cfg = load_source(str(config), checkpoint).cfg
    assert {cfg[f'{split}_dataloader'].dataset.data_root for split in ('val', 'test')} == {'mine'}
    with pytest.raises(DeployError, match=r'own\.py: crop_size: expected'):
        load_source(str(config), checkpoint, dict(crop_size='large'))
