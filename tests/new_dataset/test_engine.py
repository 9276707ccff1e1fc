"""The written config through the engine, unchanged but for the length of the training."""

from __future__ import annotations

import json
import math

import pytest
from mmengine.config import Config

from mmseg_liteseg.engine import launch
from mmseg_liteseg.engine.class_weights import fill_class_weights
from mmseg_liteseg.new_dataset.build import new_dataset

from .scenes import folder


@pytest.fixture
def written(tmp_path):
    folder(tmp_path / 'in', 'images/{i}.png', 'masks/{i}.png', lambda labels: labels * 100, count=6)
    return new_dataset(tmp_path / 'in', tmp_path / 'out')[1]


def test_trains_and_validates(written, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # not where the config's base is
    cfg = Config.fromfile(written)
    cfg.train_cfg.update(max_iters=2, val_interval=2)
    for loader in (cfg.train_dataloader, cfg.val_dataloader, cfg.test_dataloader):
        loader.update(num_workers=0, persistent_workers=False)
    cfg.merge_from_dict(dict(work_dir=str(tmp_path / 'work'), launcher='none'))
    cfg.default_hooks.logger.interval = 1
    fill_class_weights(cfg)
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
    assert 1 / 16 <= cfg.model.decode_head.sampler.min_kept <= 1 / 4


def test_the_table_of_labels_is_kept(written):
    table = json.loads((written.parent / 'dataset.json').read_text())
    assert [entry['source'] for entry in table['labels']['classes']] == [[0], [100], [200]]
    assert table['images'] == {'train': 5, 'val': 1}
