"""A project so small that the tools run on it within seconds: four pictures of 64 x 64 and a thin PP-LiteSeg."""

from __future__ import annotations

from pathlib import Path
from typing import Callable, Sequence

import numpy as np
import pytest
from PIL import Image

from tests.helpers import REPO, forget_runs
from tools.train import main as train_main

CONFIG = """
_base_ = [r'{configs}/_base_/models/ppliteseg_stdc1.py', r'{configs}/_base_/default_runtime.py',
          r'{configs}/_base_/schedules/schedule_10k_camvid.py']
model = dict(
    data_preprocessor=dict(size=(64, 64)),
    backbone=dict(base_channels=16),
    neck=dict(in_channels=256, channels=16),
    decode_head=dict(in_channels=(64, 128, 256, 16), decoder_channels=(8, 8, 16), channels=8, aux_channels=(8, 8),
                     num_classes=2, sampler=None),
)
dataset = dict(
    type='BaseSegDataset', data_root=r'{root}', data_prefix=dict(img_path='images', seg_map_path='labels'),
    img_suffix='.png', metainfo=dict(classes=('left', 'right'), palette=[[255, 0, 0], [0, 0, 255]]),
)
load = [dict(type='LoadImageFromFile'), dict(type='LoadAnnotations'), dict(type='PackSegInputs')]
train_dataloader = dict(batch_size=2, num_workers=0, sampler=dict(type='InfiniteSampler', shuffle=True),
                        dataset=dict(pipeline=load, **dataset))
val_dataloader = dict(batch_size=1, num_workers=0, sampler=dict(type='DefaultSampler', shuffle=False),
                      dataset=dict(pipeline=load, **dataset))
test_dataloader = val_dataloader
val_evaluator = dict(type='IoUMetric', iou_metrics=['mIoU'])
test_evaluator = val_evaluator
tta_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='TestTimeAug', transforms=[
        [dict(type='RandomFlip', prob=0.0, direction='horizontal'),
         dict(type='RandomFlip', prob=1.0, direction='horizontal')],
        [dict(type='LoadAnnotations')], [dict(type='PackSegInputs')]]),
]
train_cfg = dict(max_iters=2, val_interval=2)
param_scheduler = []
default_hooks = dict(checkpoint=dict(interval=1), logger=dict(interval=1))
env_cfg = dict(cudnn_benchmark=False)
randomness = dict(seed=0)
"""


def write_project(folder: Path) -> Path:
    """Writes pictures (left half dark, right half light), labels and config.py; returns the config's path."""
    rng = np.random.default_rng(0)
    label = np.zeros((64, 64), np.uint8)
    label[:, 32:] = 1
    for name in ('images/town', 'labels/town'):
        (folder / name).mkdir(parents=True)
    for index in range(4):
        image = label[..., None] * 150 + rng.integers(0, 100, (64, 64, 3))
        Image.fromarray(image.astype(np.uint8)).save(folder / f'images/town/{index}.png')
        Image.fromarray(label).save(folder / f'labels/town/{index}.png')
    config = folder / 'tiny.py'
    config.write_text(CONFIG.format(configs=REPO / 'configs', root=folder))
    return config


@pytest.fixture
def tiny_config(tmp_path: Path) -> Path:
    """Config of the small project, in a folder of its own."""
    folder = tmp_path / 'project'
    folder.mkdir()
    return write_project(folder)


def assert_quiet(captured: tuple[str, str], *wanted: str) -> None:
    """A tool showed its results, and none of the host's dumps: hundreds of lines."""
    shown = ''.join(captured)
    assert len(shown.splitlines()) < 45, shown
    assert not [text for text in wanted if text not in shown], shown
    for noise in ('System environment', 'Hooks will be executed', 'optim_wrapper', 'The draw is False', 'MultiScale'):
        assert noise not in shown


def run_alone(main: Callable[[Sequence[str]], None], arguments: Sequence[object]) -> None:
    """Runs a tool's main as if in a process of its own, less the second that yapf needs for each dump of the config."""
    forget_runs()
    with pytest.MonkeyPatch.context() as patch:
        for module in ('yapf.yapflib.yapf_api', 'mmengine.config.config'):
            patch.setattr(f'{module}.FormatCode', lambda text, **_: (text, False), raising=False)
        main([str(argument) for argument in arguments])


@pytest.fixture(scope='session')
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Config and work folder of a run of two iterations."""
    folder = tmp_path_factory.mktemp('trained')
    config = write_project(folder)
    run_alone(train_main, [config, '--work-dir', folder / 'work'])
    return config, folder / 'work'
