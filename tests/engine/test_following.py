import copy

import pytest
import torch
from mmengine import optim  # noqa: F401 (fills the registry of schedulers)
from mmengine.config import Config
from mmengine.registry import PARAM_SCHEDULERS

import mmseg_liteseg.registry  # noqa: F401 (`mmseg_liteseg::` where the package is not installed)
from mmseg_liteseg.engine.following import follow
from mmseg_liteseg.engine.runner import SafeRunner
from mmseg_liteseg.errors import SettingError
from tests.helpers import REPO

CAMVID = 'ppliteseg/ppliteseg_stdc1_1xb16-10k_camvid-360x480.py'
SYNTHETIC = 'ppliteseg/ppliteseg_stdc1_1xb4-1200_synthetic-144x192.py'


def read(folder, text, base=CAMVID):
    path = folder / 'own.py'
    path.write_text(f"_base_ = 'mmseg_liteseg::{base}'\n{text}")
    return Config.fromfile(path)


def crops(node):
    if isinstance(node, dict):
        return [tuple(v) for k, v in node.items() if k == 'crop_size'] + [c for v in node.values() for c in crops(v)]
    return [crop for value in node for crop in crops(value)] if isinstance(node, (list, tuple)) else []


def schedule(cfg):
    return [(part.begin, part.end) for part in cfg.param_scheduler]


@pytest.mark.parametrize('path', sorted((REPO / 'configs/ppliteseg').glob('*.py')), ids=lambda path: path.stem)
def test_our_configs_are_in_line_as_they_stand(path):
    cfg = Config.fromfile(path)
    before = copy.deepcopy(cfg.to_dict())
    assert follow(cfg) == []
    assert cfg.to_dict() == before
    assert cfg.runner_type == 'mmseg_liteseg.SafeRunner'


@pytest.mark.parametrize('base', [CAMVID, SYNTHETIC])
def test_the_crop_follows(tmp_path, base):
    cfg = read(tmp_path, 'crop_size = (64, 96)', base)
    assert follow(cfg) == [
        f'crop_size (64, 96): in place of {(360, 480) if base == CAMVID else (96, 144)} in the pipeline.'
    ]
    assert set(crops(cfg.train_dataloader)) == set(crops(cfg.train_pipeline)) == {(64, 96)}
    before = copy.deepcopy(cfg.to_dict())
    assert follow(cfg) == []
    assert cfg.to_dict() == before


def test_the_data_root_follows(tmp_path):
    cfg = read(tmp_path, "data_root = 'elsewhere/camvid'")
    line = 'data_root elsewhere/camvid: in place of data/camvid-360x480/ in 3 data sets.'
    assert follow(cfg) == [line]
    roots = {cfg[f'{split}_dataloader'].dataset.data_root for split in ('train', 'val', 'test')}
    assert roots == {'elsewhere/camvid'}
    assert follow(cfg) == []


def test_a_data_root_beside_data_of_the_users_is_left_alone(tmp_path):
    cfg = read(tmp_path, "data_root = 'mine'\ntrain_dataloader = dict(dataset=dict(data_root=data_root))")
    follow(cfg)
    roots = [cfg[f'{split}_dataloader'].dataset.data_root for split in ('train', 'val')]
    assert roots == ['mine', 'data/camvid-360x480/']


def test_a_pipeline_of_the_users_is_left_alone(tmp_path):
    text = (
        "steps = [dict(type='LoadImageFromFile'), dict(type='RandomCrop', crop_size=(32, 32))]\n"
        'train_dataloader = dict(dataset=dict(pipeline=steps))\n'
    )
    cfg = read(tmp_path, text)
    follow(cfg)
    assert crops(cfg.train_dataloader) == [(32, 32)]


@pytest.mark.parametrize('text', ['max_iters = 1000', 'train_cfg = dict(max_iters=1000)'])
def test_the_schedule_follows(tmp_path, text):
    cfg = read(tmp_path, text)
    assert follow(cfg) == ['max_iters 1000: the schedule of 10000 iterations follows.']
    assert cfg.train_cfg.max_iters == cfg.max_iters == 1000
    assert schedule(cfg) == [(0, 21), (20, 1001)]
    follow(cfg)
    assert schedule(cfg) == [(0, 21), (20, 1001)]


def test_the_schedule_of_the_synthetic_set_follows(tmp_path):
    cfg = read(tmp_path, 'max_iters, val_interval = 2400, 300', SYNTHETIC)
    follow(cfg)
    assert schedule(cfg) == [(0, 100), (100, 2400)]
    assert (cfg.train_cfg.max_iters, cfg.train_cfg.val_interval) == (2400, 300)
    assert cfg.default_hooks.checkpoint.interval == 2400  # it saved at the end alone


@pytest.mark.filterwarnings('ignore:Detected call of:UserWarning')
@pytest.mark.parametrize('base', [CAMVID, SYNTHETIC])
@pytest.mark.parametrize('iters', [1, 2, 4, 24, 37, 1000])
def test_any_number_of_iterations_can_be_run_and_reaches_the_full_rate(tmp_path, base, iters):
    cfg = read(tmp_path, f'max_iters = {iters}', base)
    follow(cfg)
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    schedulers = [PARAM_SCHEDULERS.build(dict(part, optimizer=optimizer)) for part in cfg.param_scheduler]
    rates = []
    for _ in range(iters):
        rates.append(optimizer.param_groups[0]['lr'])
        [scheduler.step() for scheduler in schedulers]
    assert max(rates) > (0.85 if iters > 24 else 0.5)
    assert rates[-1] < 0.6 or iters == 1


@pytest.mark.parametrize('text', ['val_interval = 50', 'train_cfg = dict(val_interval=50)'])
def test_checkpoints_follow_the_validation(tmp_path, text):
    cfg = read(tmp_path, text)
    assert follow(cfg) == ['val_interval 50: the interval of checkpoints follows.']
    assert cfg.train_cfg.val_interval == cfg.default_hooks.checkpoint.interval == 50
    assert schedule(cfg) == [(0, 201), (200, 10001)]


def test_a_schedule_of_the_users_is_left_alone(tmp_path):
    text = (
        'max_iters = 500\nparam_scheduler = [dict(type="PolyLR", begin=0, end=500, by_epoch=False)]\n'
        'default_hooks = dict(checkpoint=dict(interval=7))'
    )
    cfg = read(tmp_path, text)
    assert follow(cfg) == []
    assert schedule(cfg) == [(0, 500)]
    assert cfg.default_hooks.checkpoint.interval == 7


def test_settings_of_the_command_line_count(tmp_path):
    cfg = read(tmp_path, '')
    cfg.merge_from_dict({'crop_size': [64, 64], 'train_cfg.max_iters': 100})
    follow(cfg)
    assert set(crops(cfg.train_dataloader)) == {(64, 64)}
    assert schedule(cfg) == [(0, 3), (2, 101)]


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('max_iters = 5\ntrain_cfg = dict(max_iters=6)', r'max_iters is 5, train_cfg\.max_iters is 6'),
        ('max_iters = 0', 'max_iters: expected a positive integer, got 0'),
        ('val_interval = "x"', 'val_interval: expected a positive integer'),
        ('crop_size = (5,)', 'crop_size: expected'),
        ('crop_size = (0, 5)', 'crop_size: expected'),
    ],
)
def test_nonsense_is_named(tmp_path, text, message):
    with pytest.raises(SettingError, match=message):
        follow(read(tmp_path, text))


OWN = (
    "data = dict(type='BaseSegDataset', data_root='data/mine/', metainfo=dict(classes=('a', 'b')))\n"
    'train_dataloader = dict(dataset=dict(**data))\nval_dataloader = dict(dataset=dict(**data))\n'
)


def test_testing_uses_validation_where_it_was_left_out(tmp_path):
    cfg = read(tmp_path, OWN)
    assert len(follow(cfg)) == 1
    assert cfg.test_dataloader == cfg.val_dataloader
    assert follow(cfg) == []


def test_data_of_the_users_to_test_on_are_left_alone(tmp_path):
    cfg = read(tmp_path, OWN + "test_dataloader = dict(dataset=dict(data_root='data/other/'))\n")
    assert follow(cfg) == []
    assert cfg.test_dataloader.dataset.data_root == 'data/other/'


def test_loops_without_data_go(tmp_path):
    cfg = Config(dict(train_dataloader={}, val_cfg=dict(type='ValLoop'), test_cfg=dict(type='TestLoop')))
    follow(cfg)
    assert (cfg.val_cfg, cfg.test_cfg) == (None, None)
    cfg = Config(dict(val_dataloader=dict(batch_size=1), val_evaluator=dict(type='IoUMetric'), val_cfg={}))
    follow(cfg)
    assert (cfg.test_dataloader, cfg.test_evaluator, cfg.test_cfg.type) == (
        cfg.val_dataloader,
        cfg.val_evaluator,
        'TestLoop',
    )


def test_the_hosts_tools_get_it_by_the_type_of_the_runner(tmp_path):
    from mmengine.registry import RUNNERS

    cfg = read(tmp_path, 'crop_size = (64, 64)\nmax_iters = 20', SYNTHETIC)
    cfg.work_dir, cfg.launcher = str(tmp_path / 'work'), 'none'
    runner = RUNNERS.build(cfg)
    assert isinstance(runner, SafeRunner)
    assert set(crops(runner.cfg.train_dataloader)) == {(64, 64)}
    assert runner.cfg.train_cfg.max_iters == 20


@pytest.mark.parametrize('in_file', ['max_iters = 4000', 'train_cfg = dict(max_iters=4000)', ''])
@pytest.mark.parametrize('place', ['max_iters', 'train_cfg.max_iters'])
@pytest.mark.parametrize('followed_before', [False, True])
@pytest.mark.parametrize('value', [100, 4000, 10000])
def test_what_is_set_after_reading_counts(tmp_path, in_file, place, followed_before, value):
    cfg = read(tmp_path, in_file)
    if followed_before:
        follow(cfg)
    cfg.merge_from_dict({place: value})
    follow(cfg)
    assert cfg.max_iters == cfg.train_cfg.max_iters == value
    assert schedule(cfg)[-1][1] == value + 1


def test_two_values_at_the_same_time_are_refused(tmp_path):
    cfg = read(tmp_path, 'max_iters = 100\ntrain_cfg = dict(max_iters=200)')
    with pytest.raises(SettingError, match=r'max_iters is 100, train_cfg\.max_iters is 200: set one of them'):
        follow(cfg)
    cfg = read(tmp_path, 'max_iters = 100')
    cfg.max_iters, cfg.train_cfg.max_iters = 300, 200
    with pytest.raises(SettingError, match='max_iters is 300, train_cfg'):
        follow(cfg)
    cfg.train_cfg.max_iters = 300
    follow(cfg)
    assert cfg.train_cfg.max_iters == 300


def test_a_config_that_was_dumped_goes_on_as_one(tmp_path):
    cfg = read(tmp_path, 'max_iters = 4000')
    follow(cfg)
    cfg.dump(tmp_path / 'dumped.py')
    again = Config.fromfile(tmp_path / 'dumped.py')
    assert follow(again) == []
    again.train_cfg.max_iters = 50
    follow(again)
    assert again.max_iters == 50
