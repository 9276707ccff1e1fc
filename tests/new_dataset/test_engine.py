"""The written config through the engine, unchanged but for the length of the training."""

from __future__ import annotations

import ast
import json
import math

import numpy as np
import pytest
import tifffile
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import init_default_scope

from mmseg_liteseg.engine.following import follow
from mmseg_liteseg.new_dataset.build import new_dataset
from mmseg_liteseg.registry import DATASETS, MODELS, RUNNERS
from mmseg_liteseg.runtime.command import main as runtime_main
from tests.tools.conftest import run_alone
from tools.export import main as export_main
from tools.report import main as report_main
from tools.test import main as run_test
from tools.train import main as train_main

from .checks import convert
from .scenes import SIZE, folder, photo, save, truth

# a thin model, and no processes that load data
SMALL = [
    'model.backbone.base_channels=16',
    'model.neck.in_channels=256',
    'model.neck.channels=16',
    'model.decode_head.in_channels=(64,128,256,16)',
    'model.decode_head.decoder_channels=(8,8,16)',
    'model.decode_head.channels=8',
    'model.decode_head.aux_channels=(8,8)',
    'default_hooks.logger.interval=1',
    'env_cfg.cudnn_benchmark=False',
    *(
        f'{split}_dataloader.{key}'
        for split in ('train', 'val', 'test')
        for key in ('num_workers=0', 'persistent_workers=False')
    ),
]


@pytest.fixture
def written(tmp_path):
    folder(tmp_path / 'in', 'images/{i}.png', 'masks/{i}.png', lambda labels: labels * 100, count=6)
    return new_dataset(tmp_path / 'in', tmp_path / 'out')[1]


def run(written, tmp_path, monkeypatch, *settings):
    """Two iterations and a validation through tools/train.py, with a thin model."""
    monkeypatch.chdir(tmp_path)  # not where the config's base is
    run_alone(train_main, [written, '--work-dir', tmp_path / 'work', '--cfg-options', *SMALL, *settings])
    return torch.load(tmp_path / 'work/iter_2.pth', weights_only=False)


@pytest.mark.parametrize('place', ['', 'train_cfg.'])
def test_trains_and_validates(written, tmp_path, monkeypatch, capsys, place):
    saved = run(written, tmp_path, monkeypatch, f'{place}max_iters=2', f'{place}val_interval=2')
    assert saved['meta']['dataset_meta']['classes'] == ('class_0', 'class_100', 'class_200')
    assert saved['state_dict']['decode_head.conv_seg.weight'].shape[0] == 3
    assert (tmp_path / 'work/best_mIoU_iter_2.pth').is_file()
    weights = json.loads((tmp_path / 'work/class_weights.json').read_text())
    assert weights['computed'][0]['weights'] == pytest.approx(weights_of(written), rel=1e-4)
    assert 'OneDL' not in capsys.readouterr().out


def weights_of(written):
    """Those that the plan reckoned with, of the same formula."""
    plan, _ = new_dataset(written.parent.parent / 'in', written.parent, overwrite=True, dry_run=True)
    return plan.recipe.weights


def test_mmseg_s_own_training_weighs_classes_too(written, tmp_path):
    """tools/train.py of mmseg: fromfile, RUNNERS.build, train."""
    cfg = Config.fromfile(written)
    cfg.merge_from_dict({key: ast.literal_eval(value) for key, value in (entry.split('=', 1) for entry in SMALL)})
    cfg.merge_from_dict(dict(max_iters=1, val_interval=1, work_dir=str(tmp_path / 'work'), launcher='none'))
    cfg.merge_from_dict({f'model.{part}.norm_cfg.type': 'BN' for part in ('backbone', 'neck', 'decode_head')})
    runner = RUNNERS.build(cfg)
    assert runner.model.decode_head.loss_decode.class_weight is None
    runner.train()
    assert runner.model.decode_head.loss_decode.class_weight == pytest.approx(weights_of(written), rel=1e-4)


def test_numbers_follow_from_the_data(written):
    cfg = Config.fromfile(written)
    follow(cfg)
    assert cfg.crop_size == cfg.train_pipeline[2].crop_size == (64, 64)
    assert cfg.train_dataloader.batch_size == 4
    assert cfg.param_scheduler[1].end == 1001
    assert cfg.train_cfg.max_iters == 1000
    assert cfg.optim_wrapper.optimizer == dict(type='AdamW', lr=0.0005, weight_decay=0.01)
    assert cfg.model.backbone.norm_cfg.type == 'BN'
    assert cfg.model.backbone.init_cfg.type == 'Kaiming'
    assert cfg.model.decode_head.loss_decode.class_weight == dict(type='enet', c=1.10, mean=1.0)
    assert 1 / 16 <= cfg.model.decode_head.sampler.min_kept <= 1 / 4
    assert cfg.train_dataloader.dataset.pipeline == cfg.train_pipeline


@pytest.mark.parametrize('bits', [np.uint8, np.uint16], ids=['8 bits', '16 bits'])
def test_images_of_any_size_are_predicted_at_multiples_of_32(bits, tmp_path):
    """As the crops are; labels stay as they are, and predictions come at the images' size."""
    for i in range(4):
        labels = truth(i).repeat(6, 0).repeat(6, 1)[:282, :378]
        save(tmp_path / f'in/images/{i}.png', photo(labels, i)[..., 0].astype(bits) * (40 if bits is np.uint16 else 1))
        save(tmp_path / f'in/masks/{i}.png', labels)
    _, cfg = convert(tmp_path / 'in')
    init_default_scope('mmseg')
    cfg.model.decode_head.loss_decode.class_weight = None
    model = MODELS.build(cfg.model).eval()
    dataset = DATASETS.build(cfg.test_dataloader.dataset)
    item = dataset[0]
    assert item['inputs'].shape[1:] == (288, 384)
    assert item['data_samples'].gt_sem_seg.shape == (282, 378)
    assert model.test_step(pseudo_collate([item]))[0].pred_sem_seg.shape == (282, 378)
    augmented = dict(cfg.test_dataloader.dataset, pipeline=cfg.tta_pipeline)
    sizes = {tuple(copy.shape[1:]) for copy in DATASETS.build(augmented)[0]['inputs']}
    assert sizes == {(224, 288), (288, 384), (384, 480)}


def test_small_images_are_predicted_as_they_are(written):
    """The next multiple of 32 would change their shape."""
    assert all(step['type'] != 'ResizeToMultiple' for step in Config.fromfile(written).test_pipeline)


def test_the_table_of_labels_is_kept(written):
    table = json.loads((written.parent / 'dataset.json').read_text())
    assert [entry['source'] for entry in table['labels']['classes']] == [[0], [100], [200]]
    assert table['images'] == {'train': 5, 'val': 1}


@pytest.mark.parametrize('kind', ['12 bits in 16', 'float', 'five bands'])
def test_images_beyond_eight_bits_are_loaded_as_they_are(kind, tmp_path):
    rng = np.random.default_rng(0)
    for i in range(4):
        values = rng.integers(1000, 4096, SIZE).astype(np.uint16)
        (tmp_path / 'in/images').mkdir(parents=True, exist_ok=True)
        if kind == 'five bands':
            path, bands = tmp_path / f'in/images/{i}.tif', np.dstack([values] * 5)
            tifffile.imwrite(path, bands, photometric='minisblack', planarconfig='contig')
        elif kind == 'float':
            save(tmp_path / f'in/images/{i}.tif', (values / 4096).astype(np.float32))
        else:
            save(tmp_path / f'in/images/{i}.png', values)
        save(tmp_path / f'in/masks/{i}.png', truth(i))
    _, cfg = convert(tmp_path / 'in')
    channels = 5 if kind == 'five bands' else 1
    assert cfg.model.backbone.in_channels == len(cfg.model.data_preprocessor.mean) == channels
    mean = cfg.model.data_preprocessor.mean[0]
    assert mean == pytest.approx(0.62 if kind == 'float' else 2548, rel=0.01)
    init_default_scope('mmseg')
    dataset = DATASETS.build(cfg.train_dataloader.dataset)
    inputs = dataset[0]['inputs']
    assert inputs.shape == (channels, *cfg.crop_size)
    cfg.model.decode_head.loss_decode.class_weight = None
    model = MODELS.build(cfg.model)
    loss = model(**model.data_preprocessor(pseudo_collate([dataset[i] for i in range(3)]), True), mode='loss')
    assert math.isfinite(sum(float(value) for key, value in loss.items() if 'loss' in key))


def _four_deep_bands(root):
    for i in range(4):
        labels = truth(i)
        bands = np.dstack([photo(labels, i), labels * 60]).astype(np.uint16) * 14
        (root / 'images').mkdir(parents=True, exist_ok=True)
        tifffile.imwrite(root / f'images/{i}.tif', bands, photometric='minisblack', planarconfig='contig')
        save(root / f'masks/{i}.png', labels)


def _overlapping_classes(root):
    for i in range(4):
        labels = truth(i)
        save(root / f'images/{i}.png', photo(labels, i))
        save(root / f'masks/bar/{i}.png', (labels == 1).astype(np.uint8) * 255)
        save(root / f'masks/thing/{i}.png', (labels > 0).astype(np.uint8) * 255)


@pytest.mark.parametrize(
    ('make', 'multi_label', 'masks'),
    [(_four_deep_bands, False, ['0.png']), (_overlapping_classes, True, ['bar/0.png', 'thing/0.png'])],
    ids=['four deep bands', 'several classes at a pixel'],
)
def test_all_that_a_user_does_next(make, multi_label, masks, tmp_path, monkeypatch):
    """Training, test with augmentation, report, export, runtime: of the written config alone."""
    make(tmp_path / 'in')
    _, written = new_dataset(tmp_path / 'in', tmp_path / 'out', multi_label=multi_label)
    run(written, tmp_path, monkeypatch, 'max_iters=2', 'val_interval=2')
    arguments = [written, tmp_path / 'work/iter_2.pth']
    run_alone(run_test, [*arguments, '--tta', '--work-dir', tmp_path / 'test', '--cfg-options', *SMALL])
    run_alone(report_main, [*arguments, '--work-dir', tmp_path / 'test', '--cfg-options', *SMALL])
    assert (tmp_path / 'test/overlays.png').is_file()
    run_alone(export_main, [*arguments, '--out', tmp_path / 'deploy', '--shape', 64, 64, '--cfg-options', *SMALL])
    model = next((tmp_path / 'deploy').glob('*.onnx'))
    image = next((tmp_path / 'in/images').glob('0.*'))
    run_alone(runtime_main, [model, '--input', image.parent, '--out', tmp_path / 'masks', '--mask'])
    assert [path for path in masks if not (tmp_path / 'masks/masks' / path).is_file()] == []
