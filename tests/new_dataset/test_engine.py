"""The written config through the engine, unchanged but for the length of the training."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import tifffile
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import init_default_scope

from mmseg_liteseg.engine import launch
from mmseg_liteseg.new_dataset.build import new_dataset
from mmseg_liteseg.registry import DATASETS, MODELS

from .checks import convert
from .scenes import SIZE, folder, save, truth


@pytest.fixture
def written(tmp_path):
    folder(tmp_path / 'in', 'images/{i}.png', 'masks/{i}.png', lambda labels: labels * 100, count=6)
    return new_dataset(tmp_path / 'in', tmp_path / 'out')[1]


@pytest.mark.parametrize('place', ['', 'train_cfg.'])
def test_trains_and_validates(written, tmp_path, monkeypatch, place):
    monkeypatch.chdir(tmp_path)  # not where the config's base is
    cfg = Config.fromfile(written)
    cfg.merge_from_dict({f'{place}max_iters': 2, f'{place}val_interval': 2})
    for loader in (cfg.train_dataloader, cfg.val_dataloader, cfg.test_dataloader):
        loader.update(num_workers=0, persistent_workers=False)
    cfg.merge_from_dict(dict(work_dir=str(tmp_path / 'work'), launcher='none'))
    cfg.default_hooks.logger.interval = 1
    runner = launch.build_runner(cfg)
    runner.train()
    assert runner.model.decode_head.num_classes == 3
    assert math.isfinite(runner.message_hub.get_scalar('train/loss').current())
    assert 'val/mIoU' in runner.message_hub.log_scalars
    assert runner.val_dataloader.dataset.metainfo['classes'] == ('class_0', 'class_100', 'class_200')
    assert (tmp_path / 'work/best_mIoU_iter_2.pth').is_file()


def test_numbers_follow_from_the_data(written):
    cfg = Config.fromfile(written)
    assert cfg.crop_size == (64, 64)
    assert cfg.train_dataloader.batch_size == 4
    assert cfg.param_scheduler[1].end == cfg.train_cfg.max_iters == 1000
    assert cfg.optim_wrapper.optimizer == dict(type='AdamW', lr=0.0005, weight_decay=0.01)
    assert cfg.model.backbone.norm_cfg.type == 'BN'
    assert cfg.model.backbone.init_cfg.type == 'Kaiming'
    rare_to_common = sorted(cfg.model.decode_head.loss_decode.class_weight, reverse=True)
    assert cfg.model.decode_head.loss_decode.class_weight == rare_to_common[::-1]
    assert sum(rare_to_common) == pytest.approx(3, abs=0.01)
    assert 1 / 16 <= cfg.model.decode_head.sampler.min_kept <= 1 / 4


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
    model = MODELS.build(cfg.model)
    loss = model(**model.data_preprocessor(pseudo_collate([dataset[i] for i in range(3)]), True), mode='loss')
    assert math.isfinite(sum(float(value) for key, value in loss.items() if 'loss' in key))
