from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import yaml
from mmengine import optim  # noqa: F401  fills the registry of schedulers
from mmengine.config import Config
from mmengine.registry import PARAM_SCHEDULERS

from tests.helpers import DATA, REPO

CONFIGS = sorted((REPO / 'configs/ppliteseg').glob('*.py'))
NAME = re.compile(
    r'ppliteseg_(?P<arch>stdc[12])(?P<variant>-[a-z-]+)?_(?P<gpus>\d+)xb(?P<batch>\d+)-(?P<iters>\d+)(?P<kilo>k?)_'
    r'(?P<data>[a-z]+)-(?P<height>\d+)x(?P<width>\d+)(_test-(?P<test_height>\d+)x(?P<test_width>\d+))?'
)
each_config = pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)


@pytest.fixture(scope='session')
def probed() -> dict[str, dict]:
    """What a fresh interpreter, in which nobody imported our package, made of each config."""
    command = [sys.executable, '-W', 'ignore', REPO / 'tests/config_probe.py', *CONFIGS]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, 'PYTHONPATH': str(REPO)})
    reports = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{')]
    if done.returncode:
        pytest.fail(f'after {[report["name"] for report in reports]}:\n{done.stderr[-2000:]}', pytrace=False)
    return {report['name']: report for report in reports}


def depth(path) -> int:
    """Levels of _base_ below a config; fails on a base that is not a relative path."""
    match = re.search(r'^_base_ = (\[.*?\]|.*?$)', path.read_text(), re.MULTILINE | re.DOTALL)
    names = re.findall(r"'([^']+)'", match.group(1)) if match else []
    assert all(name.startswith('.') for name in names), f'{path}: {names}'
    return max((1 + depth(path.parent / name) for name in names), default=0)


def is_from_scratch(path):
    """Recipes of our own; the others are the original's."""
    sizes = ('synthetic-144x192', 'camvid-288x384', 'camvid-360x480', 'cityscapes-1024x1024')
    return path.stem.endswith(sizes) or ('camvid' in path.stem and '_test-' in path.stem)


def is_weighted(path):
    """Those with class weights in place of hard pixels."""
    return '-weighted_' in path.stem or '-boundary' in path.stem


def test_there_are_configs():
    assert len(CONFIGS) >= 11


@each_config
def test_types_resolve_and_models_fit_their_data(path, probed):
    report = probed[path.stem]
    assert report['classes'] == [report['outputs']] * 2
    assert min(report['transforms']) >= 2
    assert report['metrics'] == ['IoUMetric', 'IoUMetric']
    assert {'CheckpointHook', 'LoggerHook', 'SegVisualizationHook'} <= set(report['hooks'])
    assert report['optimizer'] == ('AdamW' if is_from_scratch(path) else 'SGD')


@pytest.mark.parametrize(
    ('name', 'params'),
    [
        ('ppliteseg_stdc1_4xb4-160k_cityscapes-512x1024', 8141600),
        ('ppliteseg_stdc2_4xb4-160k_cityscapes-512x1024', 12366464),
    ],
)
def test_parameters_are_the_originals(name, params, probed):
    assert probed[name]['params'] == params


@each_config
def test_bases_are_relative_and_shallow(path):
    assert depth(path) <= 3
    text = path.read_text()
    assert 'custom_imports' not in text
    assert '::' not in text


@each_config
def test_names_tell_the_truth(path):
    cfg, fields = Config.fromfile(path), NAME.fullmatch(path.stem)
    assert fields, f'{path.stem} does not follow the naming convention'
    assert cfg.model.backbone.arch == fields['arch']
    assert cfg.train_dataloader.batch_size == int(fields['batch'])
    assert cfg.train_cfg.max_iters == int(fields['iters']) * (1000 if fields['kilo'] else 1)
    source = cfg.train_dataloader.dataset
    assert fields['data'] in source.get('dataset', source).type.lower()
    norm = 'BN' if fields['gpus'] == '1' else 'SyncBN'
    assert {cfg.model[part].norm_cfg.type for part in ('backbone', 'neck', 'decode_head')} == {norm}
    if fields['data'] != 'synthetic':  # there the name gives the size of the scenes
        crop = [step['crop_size'] for step in cfg.train_pipeline if 'crop_size' in step]
        assert [tuple(size) for size in crop] == [(int(fields['height']), int(fields['width']))]


@each_config
def test_runtime_follows_the_recipe(path):
    cfg = Config.fromfile(path)
    assert cfg.default_scope == 'mmseg'
    assert cfg.default_hooks.checkpoint.save_best == 'mIoU'
    assert cfg.default_hooks.checkpoint.max_keep_ckpts >= 1
    if is_weighted(path):
        assert cfg.optim_wrapper.paramwise_cfg == dict(norm_decay_mult=0.0, bias_decay_mult=0.0)
        assert [hook.type for hook in cfg.custom_hooks] == ['EMAHook']
        assert cfg.model.decode_head.sampler is None
        return
    assert 'paramwise_cfg' not in cfg.optim_wrapper  # weight decay on everything
    if 'synthetic' not in path.stem:
        assert cfg.train_cfg.val_interval == 1000
    if not is_from_scratch(path):
        optimizer = cfg.optim_wrapper.optimizer
        assert (optimizer.type, optimizer.momentum, optimizer.weight_decay) == ('SGD', 0.9, 5e-4)


def learning_rates(schedule: str) -> list[float]:
    """The rate of every 0-based step, from mmengine's own schedulers on an optimiser of one parameter."""
    cfg = Config.fromfile(REPO / f'configs/_base_/schedules/{schedule}.py')
    settings = {key: value for key, value in cfg.optim_wrapper.optimizer.items() if key != 'type'}
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], **settings)
    schedulers = [PARAM_SCHEDULERS.build(dict(part, optimizer=optimizer)) for part in cfg.param_scheduler]
    rates = []
    for _ in range(cfg.train_cfg.max_iters):
        rates.append(optimizer.param_groups[0]['lr'])
        for scheduler in schedulers:
            scheduler.step()
    return rates


@pytest.mark.filterwarnings('ignore:Detected call of:UserWarning')
@pytest.mark.parametrize(
    ('schedule', 'data'), [('schedule_160k_cityscapes', 'cityscapes'), ('schedule_10k_camvid', 'camvid')]
)
def test_learning_rate_is_the_originals_in_every_step(schedule, data):
    rates = learning_rates(schedule)
    expected = json.loads((DATA / 'lr.json').read_text())[data]
    assert len(expected) > 10
    assert max(abs(rates[int(step)] - rate) for step, rate in expected.items()) < 1e-12


@pytest.mark.filterwarnings('ignore:Detected call of:UserWarning')
@pytest.mark.parametrize(
    ('schedule', 'data'), [('schedule_160k_cityscapes', 'cityscapes'), ('schedule_10k_camvid', 'camvid')]
)
def test_learning_rate_at_all_reference_steps(schedule, data, shared_reference):
    rates = learning_rates(schedule)
    expected = json.loads((shared_reference / f'parity/lr_{data}.json').read_text())
    assert max(abs(rates[int(step)] - rate) for step, rate in expected.items()) < 1e-12


def test_metafile_lists_every_config_once():
    index = yaml.safe_load((REPO / 'model-index.yml').read_text())
    assert index == {'Import': ['configs/ppliteseg/metafile.yaml']}
    content = yaml.safe_load((REPO / index['Import'][0]).read_text())
    collections = {collection['Name'] for collection in content['Collections']}
    models = content['Models']
    assert sorted({model['Config'] for model in models}) == [str(path.relative_to(REPO)) for path in CONFIGS]
    for model in models:
        assert model['Name'] == model['Name'].lower()  # mim looks names up in lower case
        assert model['In Collection'] in collections
        assert model['Name'] == Path(model['Config']).stem or 'imagenet' in model['Name']  # the encoders have none
    assert len({model['Name'] for model in models}) == len(models)
