from __future__ import annotations

import pickle
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmseg.registry import DATASETS
from PIL import Image
from torch.utils.data import DataLoader

from mmseg_liteseg.datasets import SyntheticStreetDataset
from mmseg_liteseg.datasets.classes import CAMVID_METAINFO
from mmseg_liteseg.datasets.synthetic import render_scene
from tests.helpers import REPO

LOAD = [dict(type='LoadImageFromFile'), dict(type='LoadAnnotations'), dict(type='PackSegInputs')]
SIZE = (64, 96)


def build(**kwargs):
    cfg = dict(type='mmseg_liteseg.SyntheticStreetDataset', length=4, size=SIZE, pipeline=LOAD)
    return DATASETS.build({**cfg, **kwargs})


@pytest.fixture(autouse=True)
def _scope():
    from mmengine.registry import DefaultScope

    with DefaultScope.overwrite_default_scope('mmseg'):
        yield


def test_smoke():
    dataset = build(split='val')
    assert len(dataset) == 4
    assert dataset.metainfo['classes'] == CAMVID_METAINFO['classes']
    assert dataset.metainfo['palette'] == CAMVID_METAINFO['palette']
    image, label = render_scene(0, 'val', 2, *SIZE)
    item = dataset[2]
    assert np.array_equal(item['inputs'].permute(1, 2, 0).numpy(), image)
    assert np.array_equal(item['data_samples'].gt_sem_seg.data[0].numpy(), label)
    assert item['data_samples'].img_path == 'synthetic://64x96/seed0/images/val_00002.png'
    assert item['data_samples'].ori_shape == SIZE


def test_splits_and_seeds_share_no_scene():
    images = [build(split=split, seed=seed)[1]['inputs'] for split in ('train', 'val', 'test') for seed in (0, 1)]
    assert all((a != b).float().mean() > 0.5 for i, a in enumerate(images) for b in images[:i])


def test_indices_choose_scenes():
    dataset = build(indices=[3, 1])
    assert len(dataset) == 2
    assert torch.equal(dataset[0]['inputs'], build()[3]['inputs'])


def test_fewer_classes():
    dataset = build(metainfo=dict(classes=('road', 'sky')))
    label, full = dataset[0]['data_samples'].gt_sem_seg.data, build()[0]['data_samples'].gt_sem_seg.data
    assert dataset.metainfo['palette'] == [[128, 64, 128], [128, 128, 128]]
    assert torch.equal(label == 0, full == 3)
    assert torch.equal(label == 1, full == 0)


@pytest.mark.parametrize('copy', [lambda dataset: dataset, lambda dataset: pickle.loads(pickle.dumps(dataset))])
def test_workers_load_what_the_main_process_does(copy):
    loader = DataLoader(copy(build()), batch_size=2, num_workers=1, collate_fn=pseudo_collate)
    loaded = [image for batch in loader for image in batch['inputs']]
    assert all(torch.equal(image, item['inputs']) for image, item in zip(loaded, build()))


@pytest.mark.parametrize(
    ('wrong', 'message'),
    [
        (dict(split='training'), "split: expected one of train, val, test, got 'training'"),
        (dict(length=0), 'length: expected a positive integer, got 0'),
        (dict(length=2.5), 'length: expected'),
        (dict(size=(144,)), 'size: expected'),
        (dict(size=(16, 192)), 'size: expected .height, width., integers of at least 32'),
        (dict(size=144), 'size: expected'),
        (dict(seed=-1), 'seed: expected an integer from 0'),
        (dict(seed=True), 'seed: expected'),
    ],
)
def test_exception_arguments(wrong, message):
    with pytest.raises(ValueError, match=message):
        SyntheticStreetDataset(**wrong)


@pytest.fixture(scope='module')
def base():
    return Config.fromfile(REPO / 'configs/_base_/datasets/synthetic_street.py')


def test_config_trains_on_crops_and_tests_on_whole_scenes(base):
    train = DATASETS.build(base.train_dataloader.dataset)
    for index in range(3):
        item = train[index]
        assert item['inputs'].shape == (3, *base.crop_size)
        assert item['data_samples'].gt_sem_seg.data.shape == (1, *base.crop_size)
    for loader in (base.val_dataloader, base.test_dataloader):
        assert DATASETS.build(loader.dataset)[0]['inputs'].shape == (3, *base.size)
    names = {DATASETS.build(base[f'{split}_dataloader'].dataset).split for split in ('train', 'val', 'test')}
    assert names == {'train', 'val', 'test'}


def test_config_augments_at_test_time(base):
    dataset = DATASETS.build({**base.val_dataloader.dataset, 'pipeline': base.tta_pipeline})
    item = dataset[0]
    assert len(item['inputs']) == 6
    assert torch.equal(item['inputs'][2], item['inputs'][3].flip(-1))


def test_mmsegs_hook_finds_the_picture_of_a_prediction(tmp_path):
    """mmseg's SegVisualizationHook reads img_path again, to paint on it."""
    from mmengine.structures import PixelData
    from mmseg.engine.hooks import SegVisualizationHook
    from mmseg.visualization import SegLocalVisualizer

    dataset = build(split='test')
    visualizer = SegLocalVisualizer.get_instance(
        str(tmp_path), vis_backends=[dict(type='LocalVisBackend')], save_dir=str(tmp_path), alpha=0.0
    )
    visualizer.dataset_meta = dataset.metainfo
    hook, runner = SegVisualizationHook(draw=True, interval=1), SimpleNamespace(iter=0)
    sample = dataset[1]['data_samples']
    sample.pred_sem_seg = PixelData(data=torch.zeros(1, *SIZE, dtype=torch.long))
    hook.after_test_iter(runner, 0, {}, [sample])
    (picture,) = tmp_path.rglob('test_test_00001*.png')
    painted = np.asarray(Image.open(picture))
    assert painted.shape == (SIZE[0], 2 * SIZE[1], 3)


def test_metric_writes_predictions_under_the_names_of_scenes(tmp_path):
    from mmseg.evaluation import IoUMetric

    dataset = build(split='val')
    metric = IoUMetric(output_dir=str(tmp_path), format_only=True)
    metric.dataset_meta = dataset.metainfo
    label = dataset[3]['data_samples'].gt_sem_seg.data
    sample = dict(pred_sem_seg=dict(data=label), img_path=dataset[3]['data_samples'].img_path)
    metric.process({}, [sample])
    assert np.array_equal(np.asarray(Image.open(tmp_path / 'val_00003.png')), label[0])
