"""Speed of a data pipeline: per image, step by step, and of the loader beside a training process."""

from __future__ import annotations

import copy
import random
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable, Iterator, Mapping, Sequence

import cv2
import numpy as np
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from mmseg.registry import DATASETS

from .clock import Plan, Spread
from .errors import BenchmarkError
from .scenes import scene


def mmseg_pipeline(cfg: Config) -> list[dict]:
    """Mmseg's usual augmentation with the scales and the crop of a config of ours, to compare with."""
    crop = tuple(cfg.crop_size)
    resize = next((step for step in cfg.train_pipeline if step['type'].endswith('ResizeStepScaling')), {})
    ratios = (resize.get('min_scale_factor', 0.5), resize.get('max_scale_factor', 2.0))
    return [
        dict(type='LoadImageFromFile'),
        dict(type='LoadAnnotations'),
        dict(type='RandomResize', scale=crop[::-1], ratio_range=ratios, keep_ratio=True),
        dict(type='RandomCrop', crop_size=crop, cat_max_ratio=0.75),
        dict(type='RandomFlip', prob=0.5),
        dict(type='PhotoMetricDistortion'),
        dict(type='PackSegInputs'),
    ]


def write_scenes(folder: Path, size: tuple[int, int], count: int) -> dict:
    """Writes street scenes as PNG and returns a dataset config for them."""
    for name in ('images', 'labels'):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for index in range(count):
        for name, array in zip(('images', 'labels'), scene(*size, index=index)):
            cv2.imwrite(str(folder / name / f'{index}.png'), array)
    prefix = dict(img_path=str(folder / 'images'), seg_map_path=str(folder / 'labels'))
    return dict(type='BaseSegDataset', data_prefix=prefix, img_suffix='.png', metainfo=dict(classes=('a',) * 11))


def build_dataset(dataset: Mapping[str, Any], pipeline: Sequence[dict]) -> Any:
    """The dataset with a pipeline.

    Raises:
        BenchmarkError: Its files are not there.
    """
    try:
        return DATASETS.build(dict(copy.deepcopy(dict(dataset)), pipeline=copy.deepcopy(list(pipeline))))
    except FileNotFoundError as error:
        raise BenchmarkError(f'data set: {error}') from error


def with_cache(pipeline: Sequence[dict], max_bytes: int = 2**30) -> list[dict]:
    """The pipeline with its loading steps in CachedLoading, if they are not there yet."""
    loading = [step for step in pipeline if step['type'].split('.')[-1] in ('LoadImageFromFile', 'LoadAnnotations')]
    rest = [step for step in pipeline if step not in loading]
    return (
        [dict(type='mmseg_liteseg.CachedLoading', transforms=loading, max_bytes=max_bytes), *rest] if loading else rest
    )


def time_steps(
    dataset: Any, images: int, seed: int = 0, now: Callable[[], float] = time.process_time
) -> dict[str, float]:
    """Milliseconds of every step of a dataset's pipeline, and in ``total``, as means over the first images.

    By default processor time, which other processes change less than the time on the wall.
    """
    random.seed(seed)
    np.random.seed(seed)
    steps = dataset.pipeline.transforms
    names = [f'{number}. {type(step).__name__}' for number, step in enumerate(steps, 1)]
    sums = dict.fromkeys(names, 0.0)
    for index in range(images):
        results = dataset.get_data_info(index % len(dataset))
        for name, step in zip(names, steps):
            start = now()
            results = step(results)
            sums[name] += now() - start
    means = {name: value * 1e3 / images for name, value in sums.items()}
    return {**means, 'total': sum(means.values())}


def loader_rate(
    loader_cfg: Mapping[str, Any], batches: int, step: Callable[[dict], Any], fixed: bool = False
) -> dict[str, float]:
    """Images per second of training fed by a data loader, and the share of time that it waits for data.

    Args:
        loader_cfg: As ``train_dataloader`` in a config.
        batches: How many batches to take, after two that are not counted.
        step: Training step on a batch.
        fixed: Takes one batch again and again.
    """
    iterator = iter(Runner.build_dataloader(copy.deepcopy(loader_cfg), seed=0))
    # starting processes and filling caches is no part of the rate
    for _ in range(2):
        batch = next(iterator)
        step(batch)
    waited, images, start = 0.0, 0, time.perf_counter()
    for _ in range(batches):
        before = time.perf_counter()
        batch = batch if fixed else next(iterator)
        waited += time.perf_counter() - before
        images += len(batch['inputs'])
        step(batch)
    elapsed = time.perf_counter() - start
    return dict(images_per_second=images / elapsed, waiting=waited / elapsed)


def measure_pipelines(cfg: Config, dataset: Mapping[str, Any] | None, plan: Plan, images: int = 40) -> dict[str, Any]:
    """Steps of our pipeline, the same with cached loading, and mmseg's.

    Args:
        cfg: Config with ``train_pipeline`` and ``train_dataloader``.
        dataset: Dataset config to take the place of the config's; None for the config's own.
        plan: Its rounds count.
        images: Images per round.
    """
    init_default_scope(cfg.get('default_scope', 'mmseg'))
    # one core each, as in a loader's worker
    torch.set_num_threads(1)
    cv2.setNumThreads(0)
    dataset = dataset or {key: value for key, value in cfg.train_dataloader.dataset.items() if key != 'pipeline'}
    pipelines = {
        'ours': cfg.train_pipeline,
        'ours, cached': with_cache(cfg.train_pipeline),
        "mmseg's": mmseg_pipeline(cfg),
        "mmseg's, cached": with_cache(mmseg_pipeline(cfg)),
    }
    datasets = {name: build_dataset(dataset, pipeline) for name, pipeline in pipelines.items()}
    rounds = [
        {name: time_steps(built, images, seed) for name, built in datasets.items()} for seed in range(plan.rounds + 1)
    ][1:]
    return {
        name: {step: _spread([entry[name][step] for entry in rounds]) for step in rounds[0][name]} for name in datasets
    }


def _spread(values: Sequence[float]) -> list[float]:
    spread = Spread.of(values)
    return [round(value, 3) for value in (spread.median, spread.low, spread.high)]


@contextmanager
def scenes_dataset(size: tuple[int, int], count: int = 8) -> Iterator[dict]:
    """Street scenes of a size in a temporary folder, as a dataset config."""
    with tempfile.TemporaryDirectory() as folder:
        yield write_scenes(Path(folder), size, count)
