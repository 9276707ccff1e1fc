"""The config's data as a user has it: pictures to calibrate on, pictures with labels to score on."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Iterator, Mapping, Sequence

import numpy as np
from mmengine.config import Config
from mmengine.registry import init_default_scope

from mmseg_liteseg.command_line import fault_of_config
from mmseg_liteseg.registry import DATASETS

from .errors import DeployError
from .fields import check_kind, check_whole
from .pipeline import loading_transforms


@dataclass
class Example:
    """One picture as it is read, before any other step of a pipeline: the runtime takes those.

    Attributes:
        image: (H, W, C), BGR.
        label: (H, W); None of a picture alone.
        name: Path of the picture.
    """

    image: np.ndarray
    label: np.ndarray | None
    name: str


def calibration_examples(cfg: Config, limit: int) -> Iterator[Example]:
    """Training pictures, evenly spread over the set.

    Raises:
        DeployError: the config names no such data, or it is not there.
    """
    return _examples(cfg, 'train_dataloader', limit)


def scoring_examples(cfg: Config, limit: int | None = None) -> Iterator[Example]:
    """Test pictures, all or evenly spread ones.

    Raises:
        DeployError: the config names no such data, or it is not there.
    """
    return _examples(cfg, 'test_dataloader', limit)


def spread(files: Sequence[Path], count: int) -> list[Path]:
    """So many of the files, evenly spread; all of them where there are fewer.

    Example:
        >>> spread('abcde', 3)
        ['a', 'c', 'e']
    """
    return [files[i] for i in np.linspace(0, len(files) - 1, min(count, len(files))).round().astype(int)]


def pictures_of(files: Sequence[Path], read: Callable[[Path], np.ndarray]) -> Iterator[Example]:
    """Pictures without labels, each as ``read`` gives it."""
    return (Example(read(file), None, str(file)) for file in files)


def _examples(cfg: Config, loader: str, limit: int | None) -> Iterator[Example]:
    check_kind('cfg', cfg, Config)
    if limit is not None:
        check_whole('images', limit, 1)
    dataset_cfg = deepcopy(_dataset_cfg(cfg, loader))
    # training pictures too are read as in tests: without augmentation
    pipeline = _dataset_cfg(cfg, 'test_dataloader').get('pipeline')
    dataset_cfg['pipeline'] = [*loading_transforms(pipeline), dict(type='PackSegInputs')]
    init_default_scope(cfg.get('default_scope', 'mmseg'))
    try:
        dataset = DATASETS.build(dataset_cfg)
        length = len(dataset)
    # any kind of error: what a config says of data reaches whatever class it names
    except Exception as error:
        reason = fault_of_config(error) or ' '.join(str(error).split())[:300] or type(error).__name__
        raise DeployError(f'{loader}: its data set cannot be read ({reason})') from error
    if not length:
        raise DeployError(f'{loader}: its data set is empty')
    count = min(limit or length, length)
    # spread over the set, whose neighbours are frames of one scene as a rule
    for index in np.linspace(0, length - 1, count).round().astype(int):
        packed = dataset[int(index)]
        sample = packed['data_samples']
        yield Example(
            packed['inputs'].permute(1, 2, 0).numpy(),
            sample.gt_sem_seg.data.squeeze(0).numpy(),
            sample.metainfo.get('img_path', str(index)),
        )


def _dataset_cfg(cfg: Config, loader: str) -> dict:
    """Of the data set itself, inside repeating and concatenating wrappers."""
    found = cfg.get(loader)
    dataset = found.get('dataset') if isinstance(found, Mapping) else None
    while isinstance(dataset, Mapping) and (dataset.get('dataset') or dataset.get('datasets')):
        dataset = dataset.get('dataset') or next(iter(dataset['datasets']), None)
    if not dataset or not isinstance(dataset, Mapping):
        raise DeployError(f'{loader}: the config has none, or none with a dataset')
    return dataset
