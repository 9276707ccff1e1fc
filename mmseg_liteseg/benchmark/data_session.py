"""One run of the data benchmark: steps of the pipelines, and whether the loader keeps up with training."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Mapping, Sequence

import torch
from mmengine.config import Config

from .case import Case, Model
from .clock import Plan
from .data import loader_rate, measure_pipelines, scenes_dataset, with_cache
from .errors import BenchmarkError
from .machine import describe, load_average
from .models import build, load_config
from .results import write_pages
from .session import quiet
from .torch_tasks import build_optim_wrapper, optim_config

METHOD = (
    'Steps: processor time (time.process_time) of one process with one thread. A round takes {images} images through '
    'each pipeline in turn, with the same seed; values are means over the images, then median [quartiles] over '
    '{rounds} rounds, after one that is not counted (it fills the cache). Images per second and core: 1000 / total.',
    "mmseg's pipeline has the same scales and crop: RandomResize, RandomCrop with cat_max_ratio 0.75, RandomFlip, "
    'PhotoMetricDistortion.',
    "Loader: training steps (data preprocessor, forward, losses, backward, optimiser) fed by the config's "
    'train_dataloader; waiting is the share of the time in which training waits for a batch. "fixed batch" trains on '
    'one batch again and again: what a loader of no cost would reach.',
)


@dataclass
class DataSession:
    """Settings of a run.

    Attributes:
        plan: Its rounds count.
        scenes: Size of street scenes to take in the place of the config's data set, or None.
        images: Images per round.
        batches: Batches to train per loader; 0 leaves training out.
        workers: Numbers of loader processes to train with.
        threads: Threads of training.
        overrides: Settings of the config, such as the data root.
        progress: Told what happens.
    """

    plan: Plan = field(default_factory=Plan)
    scenes: tuple[int, int] | None = None
    images: int = 40
    batches: int = 0
    workers: Sequence[int] = (0, 1, 2)
    threads: int = 1
    overrides: Mapping[str, Any] = field(default_factory=dict)
    progress: Callable[[str], None] = print

    def run(self, model: Model, command: str) -> dict[str, Any]:
        """Measures the data of a model's config.

        Raises:
            BenchmarkError: The config has no training data, or its files are not there.
        """
        quiet()
        cfg = load_config(model)
        # as --cfg-options of the training would, so that the same data is read
        cfg.merge_from_dict(dict(self.overrides))
        if 'train_dataloader' not in cfg or 'train_pipeline' not in cfg:
            raise BenchmarkError(f'{model.config}: expected a config with train_pipeline and train_dataloader')
        with ExitStack() as stack:
            dataset = stack.enter_context(scenes_dataset(self.scenes)) if self.scenes else None
            self.progress('measuring the steps of the pipelines')
            results = dict(
                date=time.strftime('%Y-%m-%d'),
                command=command,
                config=model.config.name,
                data=describe_data(cfg, self.scenes),
                machine=describe('cpu'),
                method=[text.format(images=self.images, rounds=self.plan.rounds) for text in METHOD],
                steps=measure_pipelines(cfg, dataset, self.plan, self.images),
            )
            if self.batches:
                results['training'] = self._train(cfg, dataset, model)
        results['machine']['load_averages'] = [results['machine']['load_average'], load_average()]
        return results

    def _train(self, cfg: Config, dataset: dict | None, model: Model) -> dict[str, Any]:
        torch.set_num_threads(self.threads)
        loader = cfg.train_dataloader
        loader.dataset = dict(dataset or loader.dataset, pipeline=cfg.train_pipeline)
        cached = dict(loader, dataset=dict(loader.dataset, pipeline=with_cache(cfg.train_pipeline)))
        step = training_step(cfg, model)
        rates: dict[str, Any] = {}
        for name, loader_cfg in (('loader', loader), ('loader, cached', cached)):
            for workers in self.workers:
                title = f'{name}, {workers} workers'
                self.progress(f'training with {title}')
                # torch refuses persistent workers where there are none
                own = dict(loader_cfg, num_workers=workers, persistent_workers=workers > 0)
                rates[title] = loader_rate(own, self.batches, step)
        self.progress('training on a fixed batch')
        own = dict(cached, num_workers=0, persistent_workers=False)
        rates['fixed batch'] = loader_rate(own, self.batches, step, fixed=True)
        return dict(threads=self.threads, batch_size=loader.batch_size, **rates)


def describe_data(cfg: Config, scenes: tuple[int, int] | None) -> str:
    """The data set in words."""
    return f'street scenes of {scenes[0]}x{scenes[1]}, PNG' if scenes else cfg.train_dataloader.dataset.type


def training_step(cfg: Config, model: Model) -> Callable[[dict], Any]:
    """A whole training step of the config's model on a batch of the loader."""
    network = build(cfg, model.size).train()
    wrapper = build_optim_wrapper(network, optim_config(cfg, Case(model, 'train')))
    return lambda batch: network.train_step(batch, wrapper)


def save_data(results: Mapping[str, Any], out: Path) -> list[Path]:
    """Writes OUT.json and OUT.md."""
    return write_pages(results, data_markdown(results), out)


def data_markdown(results: Mapping[str, Any]) -> str:
    """The results as Markdown."""
    machine = results['machine']
    rows = [
        f'{results["data"]}, pipeline of `{results["config"]}`. Measured {results["date"]} with '
        f'`{results["command"]}` on {machine["cpu"]}, {machine["cores"]} cores; '
        f'load average {", ".join(map(str, machine["load_averages"]))}.',
        '',
        '| pipeline | ms per image [quartiles] | images/s and core | steps, ms |',
        '|-|-|-|-|',
    ]
    for name, steps in results['steps'].items():
        total, low, high = steps['total']
        parts = ', '.join(f'{step.split(". ")[1]} {values[0]:.2f}' for step, values in steps.items() if step != 'total')
        rows.append(f'| {name} | {total:.2f} [{low:.2f}, {high:.2f}] | {1000 / total:.0f} | {parts} |')
    training = results.get('training')
    if training:
        rows += ['', *_training_rows(training)]
    return '\n'.join([*rows, '', *(f'- {text}' for text in results['method'])]) + '\n'


def _training_rows(training: Mapping[str, Any]) -> Sequence[str]:
    rows = [
        f'Training with {training["threads"]} threads, batch {training["batch_size"]}:',
        '',
        '| fed by | images/s | waiting for data |',
        '|-|-|-|',
    ]
    for name, rate in training.items():
        if isinstance(rate, Mapping):
            rows.append(f'| {name} | {rate["images_per_second"]:.2f} | {rate["waiting"]:.1%} |')
    return rows
