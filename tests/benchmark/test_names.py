"""Names of models to config files."""

from __future__ import annotations

import pytest
from mmengine.config import Config

from mmseg_liteseg.benchmark.errors import BenchmarkError
from mmseg_liteseg.benchmark.names import ALIASES, config_folders, find_config, list_configs, resolve
from mmseg_liteseg.benchmark.published import PUBLISHED


@pytest.mark.parametrize('name', ALIASES)
def test_aliases_are_configs_with_a_model(name):
    label, path = resolve(name.upper())
    assert label == name
    assert 'model' in Config.fromfile(path)


def test_published_models_have_a_config():
    assert {entry.label for entry in PUBLISHED} <= set(ALIASES)


@pytest.mark.parametrize(
    'name',
    [
        'mmseg::stdc1_4xb12-80k_cityscapes-512x1024',
        'mmseg::stdc/stdc1_4xb12-80k_cityscapes-512x1024.py',
        'mmseg::stdc1_4xb12-80k_cityscapes-512x1024.py',
    ],
)
def test_mmseg_names(name):
    label, path = resolve(name)
    assert label == 'stdc1_4xb12-80k_cityscapes-512x1024'
    assert path == config_folders()['mmseg'] / 'stdc' / 'stdc1_4xb12-80k_cityscapes-512x1024.py'


def test_a_path(tmp_path):
    (tmp_path / 'mine.py').write_text('model = dict()')
    assert resolve(str(tmp_path / 'mine.py')) == ('mine', tmp_path / 'mine.py')


@pytest.mark.parametrize(
    ('name', 'words'),
    [
        ('PP-LiteSeg-X', 'close: PP-LiteSeg-'),
        ('mmseg::stdc1_4xb12-80k_cityscapes', 'close: stdc1_4xb12-80k_cityscapes-512x1024'),
        ('mmpretrain::resnet18', 'expected mmseg:: or mmseg_liteseg::'),
        ('nowhere.py', 'no such file'),
    ],
)
def test_unknown_names(name, words):
    with pytest.raises(BenchmarkError, match=words):
        resolve(name)


def test_ambiguous_name_and_bases(tmp_path):
    for name in ('a/x.py', 'b/x.py', '_base_/y.py'):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text('')
    assert list_configs(tmp_path) == ('a/x.py', 'b/x.py')
    with pytest.raises(BenchmarkError, match=r'several configs end so: a/x.py, b/x.py'):
        find_config(tmp_path, 'x', 'x')
    assert find_config(tmp_path, 'b/x', 'b/x') == tmp_path / 'b' / 'x.py'


def test_a_package_without_configs(tmp_path):
    with pytest.raises(BenchmarkError, match='no folder'):
        find_config(tmp_path / 'nowhere', 'x', 'x')
