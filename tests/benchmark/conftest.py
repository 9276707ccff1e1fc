"""A thin PP-LiteSeg at 32 x 64, cheap enough for whole runs."""

from __future__ import annotations

import pytest

from mmseg_liteseg.benchmark.case import Case, Model
from mmseg_liteseg.benchmark.models import build, load_config
from tests.helpers import REPO

CONFIG = """
_base_ = [r'{configs}/_base_/models/ppliteseg_stdc1.py', r'{configs}/_base_/default_runtime.py']
model = dict(
    backbone=dict(base_channels=16, init_cfg=dict(type='Pretrained', checkpoint='nowhere.pth')),
    neck=dict(in_channels=256, channels=16),
    decode_head=dict(in_channels=(64, 128, 256, 16), decoder_channels=(8, 8, 16), channels=8, aux_channels=(8, 8),
                     num_classes=11))
test_pipeline = [dict(type='LoadImageFromFile', to_float32=True), dict(type='Resize', scale_factor=0.5),
                 dict(type='LoadAnnotations'), dict(type='PackSegInputs')]
crop_size = (32, 64)
train_pipeline = [
    dict(type='LoadImageFromFile', to_float32=True), dict(type='LoadAnnotations'),
    dict(type='mmseg_liteseg.ResizeStepScaling', min_scale_factor=0.5, max_scale_factor=2.0, scale_step_size=0.25),
    dict(type='mmseg_liteseg.RandomPaddingCrop', crop_size=crop_size), dict(type='PackSegInputs')]
train_dataloader = dict(
    batch_size=2, num_workers=0, sampler=dict(type='InfiniteSampler', shuffle=True),
    dataset=dict(type='mmseg_liteseg.SyntheticStreetDataset', length=4, size=(32, 64), pipeline=train_pipeline))
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.01, momentum=0.9))
"""
SIZE = (32, 64)


@pytest.fixture(scope='session')
def tiny(tmp_path_factory):
    path = tmp_path_factory.mktemp('benchmark') / 'tiny.py'
    path.write_text(CONFIG.format(configs=REPO / 'configs'))
    return Model('tiny', path, SIZE)


@pytest.fixture(scope='session')
def tiny_stock(tiny):
    return Model('tiny', tiny.config, SIZE, stock=True)


@pytest.fixture(scope='session')
def network(tiny):
    return build(load_config(tiny), SIZE)


@pytest.fixture(scope='session')
def stock_network(tiny_stock):
    return build(load_config(tiny_stock), SIZE)


@pytest.fixture
def case(tiny):
    return lambda task, **kwargs: Case(tiny, task, **kwargs)
