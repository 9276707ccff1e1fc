"""A CamVid of six small images, a thin T and a budget of six iterations."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmseg_liteseg.study import budget, models, train
from mmseg_liteseg.study.budget import Budget
from mmseg_liteseg.study.models import Entry

THIN = dict(
    backbone=dict(base_channels=16),
    neck=dict(in_channels=256, channels=16),
    decode_head=dict(
        in_channels=(64, 128, 256, 16), decoder_channels=(8, 8, 16), channels=8, aux_channels=(8, 8), dropout_ratio=0.1
    ),
)


def write_camvid(root: Path) -> Path:
    """Images of noise over the label's colour, 48x64; labels are columns of the 11 classes, and some void."""
    rng = np.random.default_rng(0)
    for split, count in (('train', 4), ('val', 2)):
        for kind in ('img_dir', 'ann_dir'):
            (root / kind / split).mkdir(parents=True)
        for index in range(count):
            label = np.repeat(np.arange(64)[None] // 6, 48, axis=0).astype(np.uint8)
            label = np.roll(label, 7 * index, axis=1)
            image = label[..., None] * 20 + rng.integers(0, 40, (48, 64, 3))
            label[:2] = 255
            Image.fromarray(image.astype(np.uint8)).save(root / f'img_dir/{split}/{index}.png')
            Image.fromarray(label).save(root / f'ann_dir/{split}/{index}.png')
    return root


@pytest.fixture(scope='session')
def camvid(tmp_path_factory):
    return write_camvid(tmp_path_factory.mktemp('camvid'))


def make_thin(monkeypatch):
    """Makes 'T' thin, adds the budget 'tiny' and leaves out what asks git and the like."""
    monkeypatch.setitem(models.ENTRIES, 'T', Entry('ours', 'thin', change=lambda crop: THIN))
    tiny = Budget('tiny', iters=6, batch=2, crop=(32, 64), validations=3, workers=0, plan={'T': 1})
    monkeypatch.setitem(budget.BUDGETS, 'tiny', tiny)
    monkeypatch.setattr(train, 'versions', lambda: {})
    for module in ('yapf.yapflib.yapf_api', 'mmengine.config.config'):  # half a second for each checkpoint
        monkeypatch.setattr(f'{module}.FormatCode', lambda text, **_: (text, False), raising=False)


@pytest.fixture
def thin(monkeypatch):
    make_thin(monkeypatch)
