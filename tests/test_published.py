"""The trained model in checkpoints/: whole, small, readable by mmseg alone, and as good as its page says."""

from __future__ import annotations

import hashlib
import io
import json
import re
import tarfile

import numpy as np
import pytest
from mmseg.apis import MMSegInferencer, inference_model, init_model
from PIL import Image

from mmseg_liteseg.config_file import read_config
from mmseg_liteseg.engine.history_hook import iou_of
from mmseg_liteseg.engine.launch import build_runner
from mmseg_liteseg.registry import DATASETS, LOOPS, TRANSFORMS
from mmseg_liteseg.visualization.report import count_pairs
from tests.helpers import REPO

FOLDER = REPO / 'checkpoints'
CONFIG = FOLDER / 'ppliteseg_stdc1_camvid-360x480.py'
WEIGHTS = CONFIG.with_suffix('.pth')
PAGE = (FOLDER / 'README.md').read_text()
CAMVID = REPO.parent / 'shared/data/camvid-480x360-trainval.tar'


def test_file_is_the_one_on_the_page():
    data = WEIGHTS.read_bytes()
    assert len(data) < 17_000_000
    assert hashlib.sha256(data).hexdigest() in PAGE
    assert 'research' in PAGE


def test_the_config_beside_it_makes_a_training(tmp_path):
    """Every type in it exists; it once named a loop of the study's that is gone."""
    cfg = read_config(CONFIG)
    cfg.update(work_dir=str(tmp_path), launcher='none', log_level='ERROR')
    runner = build_runner(cfg)
    assert LOOPS.get(runner._train_loop['type']) is not None
    for name in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        dataset = cfg[name].dataset
        while 'dataset' in dataset:
            dataset = dataset.dataset
        assert DATASETS.get(dataset.type) is not None
        assert all(TRANSFORMS.get(kind) for kind in step_types(dataset.pipeline))
    assert [hook for hook in runner.hooks if type(hook).__name__ == 'SafeCheckpointHook']


def step_types(pipeline):
    """Types of the steps, and of those in them: RandomChoice holds lists."""
    if isinstance(pipeline, (list, tuple)):
        return [kind for step in pipeline for kind in step_types(step)]
    return [pipeline.type, *step_types(pipeline.get('transforms', ()))]


def test_page_says_what_the_log_says():
    lines = [json.loads(line) for line in (REPO / 'docs/camvid/logs/aligned-T-seed-0.jsonl').read_text().splitlines()]
    best = max(line['mIoU'] for line in lines if 'mIoU' in line)
    assert float(re.search(r'\*\*mIoU ([\d.]+)\*\*', PAGE)[1]) == pytest.approx(100 * best, abs=0.05)


def test_inferencer_needs_the_weights_alone(tmp_path):
    image = np.random.default_rng(0).integers(0, 256, (90, 120, 3), np.uint8)
    labels = MMSegInferencer(None, str(WEIGHTS), device='cpu')(image, out_dir=str(tmp_path))['predictions']
    model = init_model(str(CONFIG), str(WEIGHTS), device='cpu')
    assert len(model.dataset_meta['classes']) == 11
    assert np.array_equal(labels, inference_model(model, image).pred_sem_seg.data[0].numpy())
    assert list((tmp_path / 'vis').glob('*'))


@pytest.mark.skipif(not CAMVID.is_file(), reason='needs CamVid')
def test_accuracy_on_some_images_of_val():
    assert _miou(init_model(str(CONFIG), str(WEIGHTS), device='cpu')) == pytest.approx(0.74, abs=0.005)


@pytest.mark.skipif(not CAMVID.is_file(), reason='needs CamVid')
def test_images_that_are_no_multiples_of_32_are_better_brought_to_one():
    """What configs for own data do. Whole val: 70.2 and 74.6."""
    load, _, label, pack = read_config(CONFIG).test_pipeline
    small = dict(type='Resize', scale=(750, 562))
    found = []
    for steps in ([small], [small, dict(type='ResizeToMultiple', size_divisor=32)]):
        model = init_model(str(CONFIG), str(WEIGHTS), device='cpu')
        model.cfg.test_pipeline = [load, *steps, label, pack]
        found.append(_miou(model, step=20))
    assert found[1] > found[0] + 0.02


def _miou(model, step: int = 10) -> float:
    """On a part of val."""
    confusion = 0
    with tarfile.open(CAMVID) as archive:
        names = sorted(name for name in archive.getnames() if name.startswith('CamVid/val/') and name.endswith('.jpg'))
        for name in names[::step]:
            image = _read(archive, name)[..., ::-1]
            label = _read(archive, name.replace('/val/', '/valannot/').replace('.jpg', '.png'))
            found = inference_model(model, np.ascontiguousarray(image)).pred_sem_seg.data[0].numpy()
            confusion = confusion + count_pairs(np.where(label == 11, 255, label), found, 11, ignore_index=255)
    return np.nanmean(iou_of(confusion))


def _read(archive: tarfile.TarFile, name: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(archive.extractfile(name).read())))
