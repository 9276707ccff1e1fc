"""A project whose files and config a test can spoil: 4 training and 3 validation images of 48 x 64 with two classes."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mmengine.config import Config
from PIL import Image

from mmseg_liteseg.inspection.doctor import Inspection, inspect_config

LOAD = [dict(type='LoadImageFromFile'), dict(type='LoadAnnotations'), dict(type='PackSegInputs')]
SIZE = (48, 64)


class Project:
    """Files below ``root`` and ``cfg``, a dict to change before ``inspect``."""

    def __init__(self, root: Path) -> None:
        self.root, self.test_is_val = root, True
        rng = np.random.default_rng(0)
        for split, count in (('train', 4), ('val', 3)):
            for index in range(count):
                coarse = rng.integers(0, 256, (6, 8, 3)).astype(np.uint8)
                self.write_image(split, index, np.asarray(Image.fromarray(coarse).resize(SIZE[::-1])))
                self.write_mask(split, index, np.indices(SIZE)[1] // 32)
        self.cfg = self._config()

    def _config(self) -> dict[str, Any]:
        def dataset(split: str) -> dict:
            prefix = dict(img_path=f'images/{split}', seg_map_path=f'masks/{split}')
            common = dict(type='BaseSegDataset', data_root=str(self.root), img_suffix='.png', pipeline=LOAD)
            metainfo = dict(classes=('left', 'right'), palette=[[255, 0, 0], [0, 0, 255]])
            return copy.deepcopy(dict(common, data_prefix=prefix, metainfo=metainfo))

        def loader(split: str, batch_size: int, sampler: str) -> dict:
            return dict(batch_size=batch_size, sampler=dict(type=sampler), dataset=dataset(split))

        sampler = dict(type='mmseg_liteseg.OHEMPixelSampler', thresh=0.7, min_kept=100)
        return dict(
            default_scope='mmseg',
            model=dict(
                type='EncoderDecoder',
                data_preprocessor=dict(type='mmseg_liteseg.LiteSegDataPreProcessor', mean=[0, 0, 0], std=[1, 1, 1]),
                backbone=dict(type='mmseg_liteseg.STDCNet', arch='stdc1'),
                neck=dict(type='mmseg_liteseg.SPPM', norm_cfg=dict(type='BN')),
                decode_head=dict(
                    type='mmseg_liteseg.FLDHead',
                    num_classes=2,
                    sampler=sampler,
                    loss_decode=dict(type='CrossEntropyLoss', use_sigmoid=False),
                ),
            ),
            train_dataloader=loader('train', 2, 'InfiniteSampler'),
            val_dataloader=loader('val', 1, 'DefaultSampler'),
            test_dataloader=loader('test', 1, 'DefaultSampler'),
            train_cfg=dict(type='IterBasedTrainLoop', max_iters=2),
            val_cfg=dict(type='ValLoop'),
            test_cfg=dict(type='TestLoop'),
            optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
            val_evaluator=dict(type='IoUMetric'),
            test_evaluator=dict(type='IoUMetric'),
        )

    @property
    def head(self) -> dict:
        """Settings of the decode head."""
        return self.cfg['model']['decode_head']

    def data(self, split: str = 'train') -> dict:
        """Settings of a split's data set; test's are val's unless ``test_is_val`` is taken away."""
        return self.cfg[f'{split}_dataloader']['dataset']

    def image(self, split: str, index: int, suffix: str = '.png') -> Path:
        """Path of an image."""
        return self.root / f'images/{split}/{index}{suffix}'

    def mask(self, split: str, index: int, suffix: str = '.png') -> Path:
        """Path of a mask."""
        return self.root / f'masks/{split}/{index}{suffix}'

    def write_image(self, split: str, index: int, array: np.ndarray, suffix: str = '.png', **options: Any) -> None:
        """Replaces an image."""
        self._write(self.image(split, index, suffix), array, **options)

    def write_mask(self, split: str, index: int, array: np.ndarray, dtype: type = np.uint8) -> None:
        """Replaces a mask."""
        self._write(self.mask(split, index), np.asarray(array).astype(dtype))

    def map_masks(self, change: Any, split: str | None = None, dtype: type = np.uint8) -> None:
        """Replaces all masks (of a split) by a function of theirs."""
        for path in sorted((self.root / 'masks').glob(f'{split or "*"}/*.png')):
            self.write_mask(path.parent.name, int(path.stem), change(np.asarray(Image.open(path))), dtype)

    @staticmethod
    def _write(path: Path, array: np.ndarray, **options: Any) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(array).save(path, **options)

    def config(self) -> Config:
        """The config; test is val, as users write it."""
        cfg = copy.deepcopy(self.cfg)
        if self.test_is_val:
            cfg['test_dataloader'] = cfg['val_dataloader']
        return Config(cfg)

    def inspect(self, **options: Any) -> Inspection:
        """Runs the inspection."""
        return inspect_config(self.config(), **options)

    def only(self, kind: str, severity: str = 'error', **options: Any) -> str:
        """The one finding that there is to be, as a line; fails if there is another."""
        found = [finding for finding in self.inspect(**options).findings if finding.severity != 'note']
        assert [(finding.kind, finding.severity) for finding in found] == [(kind, severity)], list(map(str, found))
        return str(found[0])


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project without a fault."""
    return Project(tmp_path / 'project')
