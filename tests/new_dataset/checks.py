"""What every written config must do."""

from __future__ import annotations

from pathlib import Path
from typing import Mapping

import numpy as np
from mmengine.config import Config

from mmseg_liteseg.new_dataset.build import new_dataset
from mmseg_liteseg.new_dataset.config_text import MAX_LINES
from mmseg_liteseg.new_dataset.plan import Plan
from mmseg_liteseg.registry import DATASETS


def convert(source: Path, **kwargs: object) -> tuple[Plan, Config]:
    """Runs the command and reads its config; the source is as before."""
    before = {path: path.read_bytes() for path in source.rglob('*') if path.is_file()}
    plan, path = new_dataset(source, source.parent / 'out', **kwargs)
    assert {path: path.read_bytes() for path in source.rglob('*') if path.is_file()} == before
    assert len(path.read_text(encoding='utf-8').splitlines()) <= MAX_LINES
    return plan, Config.fromfile(path)


def labels_of(cfg: Config, splits: tuple[str, ...] = ('train', 'val')) -> dict[str, np.ndarray]:
    """Label maps as the host loads them, by file name of the image; their sizes are the images'."""
    loaded = {}
    for split in splits:
        # serialising ends with a collection of garbage, which took half of these tests' time
        loading = [step for step in cfg.test_pipeline if step['type'] != 'ResizeToMultiple'][:2]
        data = dict(cfg[f'{split}_dataloader'].dataset, pipeline=loading, serialize_data=False)
        dataset = DATASETS.build(data)
        for i in range(len(dataset)):
            item = dataset[i]
            assert item['gt_seg_map'].shape[:2] == item['img'].shape[:2]
            loaded[Path(item['img_path']).name] = item['gt_seg_map']
    return loaded


def check_labels(cfg: Config, truths: Mapping[str, np.ndarray], names: Mapping[str, int], tolerance: float = 0) -> None:
    """Compares what the host loads with the truth.

    Args:
        cfg: The written config.
        truths: Ids by image.
        names: Id by class name; other ids must be ignored.
        tolerance: Share of the pixels that may differ.
    """
    classes = list(cfg.metainfo.classes)
    assert set(names) <= set(classes), classes
    lookup = np.full(256, 255, np.uint8)
    for name, number in names.items():
        lookup[number] = classes.index(name)
    loaded = labels_of(cfg)
    assert set(loaded) == set(truths)
    for name, labels in loaded.items():
        assert (labels != lookup[truths[name]]).mean() <= tolerance, name
    assert cfg.model.decode_head.num_classes == len(classes) == len(cfg.metainfo.palette)
