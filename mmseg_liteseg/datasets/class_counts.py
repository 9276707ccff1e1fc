"""Counts the pixels of each class in a data set as training sees its labels."""

from __future__ import annotations

import copy
import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable, Iterator

import numpy as np
from mmengine.logging import print_log
from mmseg.datasets import BaseSegDataset

from mmseg_liteseg.errors import DataError, SettingError

from ..registry import DATASETS
from .class_weights import ClassCounts

# decoding releases the interpreter's lock, so threads are enough
_THREADS = 8


class LabelCounter:
    """The labels of a training set, read by the annotation loader of its own pipeline.

    So suffixes, split files, ``label_map`` and ``reduce_zero_label`` act as in training. Resizing and cropping do not:
    counted is what is in the files.

    Args:
        dataset: ``train_dataloader.dataset`` of a config; repeated and concatenated sets too.
        num_classes: Number of classes.
        ignore_index: Label of the pixels that do not count.

    Raises:
        SettingError: The pipeline has no annotation loader.
    """

    def __init__(self, dataset: dict, num_classes: int, ignore_index: int) -> None:
        self._num_classes, self._ignore_index = num_classes, ignore_index
        self._configs = list(_single_sets(dataset))
        self._sets = [DATASETS.build(cfg) for cfg in self._configs]

    def fingerprint(self) -> str:
        """Changes when a file, the list of them, the loader or the classes do."""
        digest = hashlib.sha256(f'{self._num_classes} {self._ignore_index}'.encode())
        for config, dataset in zip(self._configs, self._sets):
            digest.update(repr(config['pipeline']).encode())
            for i in range(len(dataset)):
                info = dataset.get_data_info(i)
                facts = [info['seg_map_path'], info.get('label_map'), info.get('reduce_zero_label')]
                if os.path.isfile(info['seg_map_path']):
                    status = os.stat(info['seg_map_path'])
                    # not the content: reading it all would take as long as counting
                    facts += [status.st_size, status.st_mtime_ns]
                digest.update(repr(facts).encode())
        return digest.hexdigest()

    def count(self) -> ClassCounts:
        """Reads every label map once.

        Raises:
            DataError: A label is neither a class nor ignore_index; names the file.
        """
        total = sum(map(len, self._sets))
        print_log(f'class weights: counting the pixels of {total} label maps', 'current')
        # Cityscapes' train set has six thousand million pixels
        sums = np.zeros((3, self._num_classes), dtype=np.int64)
        with ThreadPoolExecutor(_THREADS) as pool:
            for done, counts in enumerate(pool.map(self._count_one, self._tasks()), 1):
                sums += _parts(counts)
                if done % 500 == 0:
                    print_log(f'class weights: {done} of {total}', 'current')
        return ClassCounts(*sums)

    def _tasks(self) -> Iterator[tuple[BaseSegDataset, int]]:
        return ((dataset, i) for dataset in self._sets for i in range(len(dataset)))

    def _count_one(self, task: tuple[BaseSegDataset, int]) -> np.ndarray:
        """(C,) pixels of one label map."""
        dataset, index = task
        info = dataset.get_data_info(index)
        label = np.asarray(dataset.pipeline(info)['gt_seg_map'])
        label = label[label != self._ignore_index]
        counts = np.bincount(label.ravel(), minlength=self._num_classes)
        if len(counts) > self._num_classes:
            raise DataError(
                f'label {len(counts) - 1} in {info["seg_map_path"]}: expected 0..{self._num_classes - 1} '
                f'(num_classes={self._num_classes}) or ignore_index={self._ignore_index}'
            )
        return counts


def _parts(counts: np.ndarray) -> np.ndarray:
    """What one image adds to the fields of ClassCounts, (3, C)."""
    present = counts > 0
    return np.stack([counts, present * counts.sum(), present])


def _single_sets(cfg: dict) -> list[dict]:
    """The data sets under wrappers, each with a pipeline that only loads labels."""
    if 'datasets' in cfg:
        return [single for part in cfg['datasets'] for single in _single_sets(part)]
    if 'pipeline' not in cfg or ('dataset' in cfg and isinstance(cfg['dataset'], dict)):
        if not isinstance(cfg.get('dataset'), dict):
            raise SettingError(
                f'class_weight: train_dataloader.dataset ({cfg.get("type")}) has no pipeline to read labels'
            )
        return _single_sets(cfg['dataset'])
    loaders = list(_find(cfg['pipeline'], lambda t: str(t.get('type')).endswith('LoadAnnotations')))
    if not loaders:
        raise SettingError(
            f'class_weight: the pipeline of train_dataloader.dataset ({cfg.get("type")}) has no LoadAnnotations, so '
            'class weights cannot be computed: write them as numbers'
        )
    # the annotation loader alone: images are not decoded, nothing is cropped
    return [dict(copy.deepcopy(dict(cfg)), pipeline=[dict(loaders[0])])]


def _find(node: Any, wanted: Callable[[dict], bool]) -> Iterator[dict]:
    """The dicts in a pipeline, nested ones too, that fit."""
    if isinstance(node, dict):
        if wanted(node):
            yield node
        node = list(node.values())
    if isinstance(node, (list, tuple)):
        for part in node:
            yield from _find(part, wanted)
