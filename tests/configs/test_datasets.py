"""The pipelines of the data configs, run on a made-up image."""

from __future__ import annotations

import numpy as np
import pytest
from mmengine.config import Config
from mmengine.dataset import Compose
from mmengine.registry import init_default_scope
from PIL import Image

from mmseg_liteseg.datasets.converters import convert_camvid
from mmseg_liteseg.registry import DATASETS
from tests.datasets.converters.test_camvid import make_segnet
from tests.helpers import REPO
from tests.paddle_reference import make_image, make_label

# name -> crop, smallest, largest scale and step in training; scale in testing; scales with test-time augmentation
CONFIGS = {
    'cityscapes_512x1024': ((512, 1024), 0.125, 1.5, 0.125, 0.5, [0.5]),
    'cityscapes_512x1024_test-768x1536': ((512, 1024), 0.125, 1.5, 0.125, 0.75, [0.75]),
    'cityscapes_512x1024_test-1024x2048': ((512, 1024), 0.5, 2.0, 0.25, 1.0, [0.75, 1.0, 1.25]),
    'camvid_720x960': ((720, 960), 0.5, 2.5, 0.25, 1.0, [0.75, 1.0, 1.25]),
    'camvid_360x480': ((360, 480), 0.5, 2.5, 0.25, 1.0, [0.75, 1.0, 1.25]),
}


def load(name: str) -> Config:
    init_default_scope('mmseg')
    return Config.fromfile(REPO / f'configs/_base_/datasets/{name}.py')


@pytest.fixture
def files(tmp_path):
    Image.fromarray(make_image(90, 121)).save(tmp_path / 'image.png')
    Image.fromarray(make_label(1, 90, 121)[0].numpy().astype(np.uint8)).save(tmp_path / 'label.png')
    paths = dict(img_path=str(tmp_path / 'image.png'), seg_map_path=str(tmp_path / 'label.png'))
    return dict(**paths, reduce_zero_label=False, seg_fields=[], label_map=None)


@pytest.mark.parametrize('name', CONFIGS)
class TestPipelines:
    def test_train(self, name, files):
        crop, *scales = CONFIGS[name][:4]
        cfg = load(name)
        step = cfg.train_pipeline[2]
        assert [step.min_scale_factor, step.max_scale_factor, step.scale_step_size] == scales
        assert cfg.train_dataloader.dataset.pipeline == cfg.train_pipeline
        packed = Compose(cfg.train_pipeline)(files)
        assert packed['inputs'].shape == (3, *crop)
        assert packed['data_samples'].gt_sem_seg.shape == crop

    def test_test(self, name, files):
        scale = CONFIGS[name][4]
        cfg = load(name)
        for loader in (cfg.val_dataloader, cfg.test_dataloader):
            packed = Compose(loader.dataset.pipeline)(dict(files))
            assert packed['inputs'].shape == (3, int(scale * 90 + 0.5), int(scale * 121 + 0.5))
            assert packed['data_samples'].gt_sem_seg.shape == (90, 121)

    def test_tta(self, name, files):
        cfg = load(name)
        packed = Compose(cfg.tta_pipeline)(files)
        assert len(packed['inputs']) == 2 * len(CONFIGS[name][5])
        sizes = [tuple(image.shape[1:]) for image in packed['inputs'][::2]]
        assert sizes == [(int(scale * 90 + 0.5), int(scale * 121 + 0.5)) for scale in CONFIGS[name][5]]
        assert all(sample.gt_sem_seg.shape == (90, 121) for sample in packed['data_samples'])


@pytest.mark.parametrize('loader', ['train_dataloader', 'val_dataloader', 'test_dataloader'])
def test_camvid_reads_what_the_converter_writes(loader, tmp_path):
    out = convert_camvid(make_segnet(tmp_path / 'in', ('train', 'val')), tmp_path / 'out').out
    dataset = load('camvid_360x480')[loader].dataset
    dataset.data_root = str(out)
    assert len(DATASETS.build(dataset)) == 2
