import numpy as np
import pytest
from mmengine.config import Config
from mmseg.apis import MMSegInferencer, init_model

import mmseg_liteseg.registry  # noqa: F401 (teaches mmengine, where the package is not installed)
from mmseg_liteseg.engine.following import follow
from mmseg_liteseg.inheritance import config_path, install
from tests.helpers import REPO

NAME = 'ppliteseg/ppliteseg_stdc1_1xb16-10k_camvid-360x480.py'


@pytest.fixture
def own(tmp_path):
    """A config outside the clone that reuses what its base defines."""
    path = tmp_path / 'own.py'
    path.write_text(
        f"_base_ = 'mmseg_liteseg::{NAME}'\n"
        'norm_cfg = _base_.norm_cfg\n'
        'model = dict(backbone=dict(base_channels=16), neck=dict(in_channels=256, norm_cfg=norm_cfg),\n'
        '             decode_head=dict(in_channels=(64, 128, 256, 128)))\n'
    )
    return path


def test_inherits_as_by_a_path(own):
    cfg, base = Config.fromfile(own), Config.fromfile(REPO / 'configs' / NAME)
    assert cfg.model.backbone.base_channels == 16
    for key in ('train_dataloader', 'param_scheduler', 'val_evaluator', 'default_hooks', 'tta_model'):
        assert cfg[key] == base[key]
    assert '_scope_' not in cfg.pretty_text


def test_the_readmes_example_works_outside_the_clone(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = (REPO / 'README.md').read_text()
    (tmp_path / 'my_streets.py').write_text(text.split('## Your own data')[1].split('```python\n')[1].split('```')[0])
    cfg = Config.fromfile('my_streets.py')
    follow(cfg)
    assert cfg.train_cfg.max_iters == cfg.param_scheduler[-1].end - 1 == 4000
    assert cfg.test_dataloader.dataset.data_root == 'data/my_streets/'
    assert {cfg[f'{name}_dataloader'].dataset.type for name in ('train', 'val', 'test')} == {'BaseSegDataset'}
    model = MMSegInferencer('my_streets.py', device='cpu').model
    assert model.decode_head.num_classes == 3


def test_models_are_built_and_run(own):
    image = np.zeros((40, 50, 3), np.uint8)
    assert init_model(str(own), device='cpu').neck is not None
    result = MMSegInferencer(str(own), device='cpu')(image)
    assert result['predictions'].shape == (40, 50)


def test_other_packages_are_as_before(tmp_path):
    (tmp_path / 'x.py').write_text("_base_ = 'mmseg::_base_/datasets/cityscapes.py'\n")
    assert Config.fromfile(tmp_path / 'x.py').dataset_type == 'CityscapesDataset'
    (tmp_path / 'y.py').write_text("_base_ = 'nowhere::a/b.py'\n")
    with pytest.raises(AssertionError, match='nowhere'):
        Config.fromfile(tmp_path / 'y.py')


def test_a_wrong_name_is_told_with_the_nearest(tmp_path):
    (tmp_path / 'x.py').write_text("_base_ = 'mmseg_liteseg::ppliteseg/ppliteseg_stdc1_camvid.py'\n")
    with pytest.raises(FileNotFoundError, match=r'mmseg_liteseg::ppliteseg/ppliteseg_stdc1_camvid\.py: no such config'):
        Config.fromfile(tmp_path / 'x.py')


def test_twice_is_once():
    before = Config._get_cfg_path
    install(Config)
    assert Config._get_cfg_path is before
    assert config_path(NAME).samefile(REPO / 'configs' / NAME)
