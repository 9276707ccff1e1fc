"""Data pipelines under the clock."""

from __future__ import annotations

import json

import pytest
from mmengine.config import Config

from mmseg_liteseg.benchmark import data, data_session
from mmseg_liteseg.benchmark.clock import Plan
from mmseg_liteseg.benchmark.errors import BenchmarkError

STEPS = [
    '1. LoadImageFromFile',
    '2. LoadAnnotations',
    '3. ResizeStepScaling',
    '4. RandomPaddingCrop',
    '5. PackSegInputs',
]


@pytest.fixture(autouse=True)
def _keep_logging(monkeypatch):
    monkeypatch.setattr(data_session, 'quiet', lambda: None)


class Pipeline:
    """Two steps that take 1 s and as many as the index says."""

    class First:
        def __call__(self, results):
            results['clock'][0] += 1
            return results

    class Second:
        def __call__(self, results):
            results['clock'][0] += results['index']
            return results

    transforms = [First(), Second()]


class Dataset:
    pipeline = Pipeline()

    def __init__(self):
        self.clock = [0.0]

    def __len__(self):
        return 3

    def get_data_info(self, index):
        return dict(clock=self.clock, index=index)


def test_steps_are_means_over_the_images():
    dataset = Dataset()
    steps = data.time_steps(dataset, images=4, now=lambda: dataset.clock[0])
    assert steps == pytest.approx({'1. First': 1000, '2. Second': 750, 'total': 1750})  # indices 0, 1, 2, 0


def test_mmseg_pipeline_has_our_scales_and_crop(tiny):
    steps = data.mmseg_pipeline(Config.fromfile(tiny.config))
    assert steps[2] == dict(type='RandomResize', scale=(64, 32), ratio_range=(0.5, 2.0), keep_ratio=True)
    assert steps[3]['crop_size'] == (32, 64)


def test_cache_goes_around_the_loading_steps(tiny):
    pipeline = Config.fromfile(tiny.config).train_pipeline
    cached = data.with_cache(pipeline)
    assert cached[0]['type'] == 'mmseg_liteseg.CachedLoading'
    assert [step['type'] for step in cached[0]['transforms']] == ['LoadImageFromFile', 'LoadAnnotations']
    assert cached[1:] == pipeline[2:]
    assert data.with_cache(cached) == cached


def test_measure_pipelines(tiny, tmp_path):
    cfg = Config.fromfile(tiny.config)
    scenes = data.write_scenes(tmp_path, (32, 64), 2)
    results = data.measure_pipelines(cfg, scenes, Plan(rounds=1), images=2)
    assert list(results) == ['ours', 'ours, cached', "mmseg's", "mmseg's, cached"]
    assert list(results['ours']) == [*STEPS, 'total']
    assert next(iter(results['ours, cached'])) == '1. CachedLoading'
    assert all(value > 0 for steps in results.values() for value in steps['total'])


def test_missing_data(tiny):
    cfg = dict(
        type='mmseg_liteseg.CamVidDataset', data_root='nowhere', data_prefix=dict(img_path='i', seg_map_path='l')
    )
    with pytest.raises(BenchmarkError, match='data set: '):
        data.build_dataset(cfg, Config.fromfile(tiny.config).train_pipeline)


def test_a_whole_run(tiny, tmp_path):
    session = data_session.DataSession(
        Plan(rounds=1), (32, 64), images=2, batches=1, workers=(0, 1), progress=lambda text: None
    )
    results = session.run(tiny, 'x')
    training = results['training']
    assert training['batch_size'] == 2
    assert [name for name in training if 'loader' in name] == [
        f'{name}, {workers} workers' for name in ('loader', 'loader, cached') for workers in (0, 1)
    ]
    assert all(0 <= rate['waiting'] < 1 for rate in training.values() if isinstance(rate, dict))
    written = data_session.save_data(results, tmp_path / 'data')
    assert json.loads(written[0].read_text())['steps'] == results['steps']
    text = written[1].read_text()
    assert '| ours, cached | ' in text
    assert '| fixed batch | ' in text


def test_a_config_without_data(tiny, tmp_path):
    cfg = Config.fromfile(tiny.config)
    cfg.pop('train_dataloader')
    cfg.dump(tmp_path / 'a.py')
    model = type(tiny)('a', tmp_path / 'a.py', tiny.size)
    with pytest.raises(BenchmarkError, match='train_dataloader'):
        data_session.DataSession().run(model, '')
