from __future__ import annotations

import pytest
import torch
from mmengine.config import Config
from mmengine.optim import CosineAnnealingLR, LinearLR

from tests.helpers import REPO
from tests.test_configs import depth

CONFIGS = sorted((REPO / 'configs/pretrain').glob('*.py'))
each_config = pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
pytestmark = pytest.mark.usefixtures('torchvision')


def test_there_are_configs_of_both_encoders():
    names = ('8xb128_in1k', 'ssld_in1k', 'ssld-ft_in1k-320px')
    assert {path.stem for path in CONFIGS} == {f'stdc{arch}_{name}' for arch in (1, 2) for name in names}


@each_config
def test_names_tell_the_truth(path):
    cfg = Config.fromfile(path)
    assert depth(path) <= 3
    assert cfg.default_scope == 'mmpretrain'
    assert path.stem.startswith(cfg.model.backbone.arch)
    assert cfg.train_dataloader.batch_size == 128
    assert cfg.model.type == ('mmseg_liteseg.SSLDClassifier' if 'ssld' in path.stem else 'ImageClassifier')
    size = 320 if path.stem.endswith('320px') else 224
    assert cfg.test_dataloader.dataset.pipeline[2].crop_size == size
    train = cfg.train_dataloader.dataset
    for part in train.get('datasets', [train]):
        assert part.pipeline[1].scale == size
    if '-ft_' in path.stem:
        assert cfg.load_from == f'work_dirs/{cfg.model.backbone.arch}_ssld_in1k/epoch_360.pth'


@each_config
def test_students_and_metrics_can_be_built(path):
    from mmpretrain.registry import METRICS, MODELS

    cfg = Config.fromfile(path)
    model = {key: value for key, value in cfg.model.items() if key not in ('teacher', 'divergence')}
    student = MODELS.build(dict(model, type='ImageClassifier', _scope_='mmpretrain')).eval()
    assert student(torch.zeros(1, 3, 64, 64)).shape == (1, 1000)
    assert METRICS.build(dict(cfg.val_evaluator, _scope_='mmpretrain')).topk == (1, 5)
    assert student.data_preprocessor.mean.flatten().tolist() == pytest.approx([123.675, 116.28, 103.53])


@each_config
def test_unlabelled_folders_ask_for_no_labels(path):
    cfg = Config.fromfile(path)
    train = cfg.train_dataloader.dataset
    if path.stem.endswith('ssld_in1k'):
        assert [(part.type, part.with_label) for part in train.datasets] == [('CustomDataset', False)] * 2


@pytest.mark.filterwarnings('ignore:Detected call of:UserWarning')
@pytest.mark.parametrize(
    ('name', 'epochs', 'peak', 'start'),
    [('8xb128_in1k', 300, 0.4, 0.004), ('ssld_in1k', 360, 0.4, 0.0004), ('ssld-ft_in1k-320px', 30, 0.004, 4e-6)],
)
def test_learning_rates(name, epochs, peak, start):
    cfg = Config.fromfile(REPO / f'configs/pretrain/stdc1_{name}.py')
    options = dict(cfg.optim_wrapper.optimizer)
    assert (options.pop('type'), options['momentum']) == ('SGD', 0.9)
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], **options)
    schedulers = []
    for part in cfg.param_scheduler:
        kind = dict(LinearLR=LinearLR, CosineAnnealingLR=CosineAnnealingLR)[part['type']]
        settings = {key: value for key, value in part.items() if key not in ('type', 'convert_to_iter_based')}
        schedulers.append(kind(optimizer, **settings))
    rates = []
    for _ in range(epochs):
        rates.append(optimizer.param_groups[0]['lr'])
        optimizer.step()
        for scheduler in schedulers:
            scheduler.step()
    assert cfg.train_cfg.max_epochs == epochs
    assert rates[0] == pytest.approx(start)
    assert max(rates) == pytest.approx(peak, rel=0.01)
    assert rates.index(max(rates)) in (4, 5)
    assert rates[-1] < peak / 100
    assert rates[5:] == sorted(rates[5:], reverse=True)


def test_the_example_of_the_docs_is_a_config(tmp_path):
    blocks = (REPO / 'docs/pretraining.md').read_text().split('```python\n')[1:]
    (block,) = [block.split('```')[0] for block in blocks if '_base_' in block]
    path = tmp_path / 'mine.py'
    path.write_text(block.replace("'./pretrain", f"'{REPO}/configs/pretrain"))
    cfg = Config.fromfile(path)
    assert [part.data_prefix for part in cfg.train_dataloader.dataset.datasets] == ['data/my_images']
    assert cfg.train_dataloader.dataset.type == 'ConcatDataset'
    assert dict(cfg.model.teacher) == dict(type='TimmClassifier', model_name='convnext_base', pretrained=True)
    assert cfg.val_dataloader is cfg.val_evaluator is cfg.val_cfg is cfg.default_hooks.checkpoint.save_best is None
