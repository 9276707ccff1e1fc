"""Folders of images for pretraining: looked at before the training starts, and read by the package's own reader."""

from __future__ import annotations

import os
from collections import Counter
from typing import Any, Iterator

from mmengine.config import Config, ConfigDict

from mmseg_liteseg.engine.harden import name_of
from mmseg_liteseg.errors import SettingError

# What mmpretrain's CustomDataset looks for unless it is told otherwise.
_EXTENSIONS = ('.jpg', '.jpeg', '.png', '.ppm', '.bmp', '.pgm', '.tif')
# Further images that our reader decodes and mmpretrain passes over.
_PASSED_OVER = ('.tiff', '.webp', '.gif', '.jp2', '.avif')


def prepare_images(cfg: Config) -> list[str]:
    """Looks whether the folders of every data set hold images, and lets our reader read them, in place.

    mmpretrain's reader ends in an error of OpenCV's at a broken file; ours names the file and what is wrong with it.

    Args:
        cfg: With dataloaders as mmpretrain's.

    Returns:
        Lines for the log: images that mmpretrain passes over, by their endings.

    Raises:
        SettingError: There is no such folder, or no image in it; names the setting.
    """
    notes = []
    for split in ('train', 'val', 'test'):
        loader = cfg.get(f'{split}_dataloader') or {}
        for setting, dataset in _datasets(loader.get('dataset'), f'{split}_dataloader.dataset'):
            notes += _look(dataset, setting)
            dataset['pipeline'] = [_with_our_reader(step) for step in dataset.get('pipeline') or ()]
    return list(dict.fromkeys(notes))


def _datasets(node: Any, setting: str) -> Iterator[tuple[str, dict]]:
    """Data sets that have a folder, inside of those that wrap others, with what the user calls them."""
    if not isinstance(node, dict):
        return
    if 'dataset' in node:
        yield from _datasets(node['dataset'], f'{setting}.dataset')
    elif 'datasets' in node:
        for i, dataset in enumerate(node['datasets']):
            yield from _datasets(dataset, f'{setting}.datasets[{i}]')
    else:
        yield setting, node


def _look(dataset: dict, setting: str) -> list[str]:
    prefix = dataset.get('data_prefix') or ''
    prefix = prefix.get('img_path', '') if isinstance(prefix, dict) else prefix
    folder = os.path.join(dataset.get('data_root') or '', prefix)
    if not folder or '://' in folder:
        return []
    field = f'{setting}.{"data_prefix" if prefix else "data_root"}'
    if not os.path.isdir(folder):
        raise SettingError(f'{field}: there is no folder {folder}')
    if name_of(dataset.get('type')) != 'CustomDataset' or dataset.get('ann_file'):
        return []
    wanted = tuple(ending.lower() for ending in dataset.get('extensions') or _EXTENSIONS)
    endings = Counter(os.path.splitext(name)[1].lower() for _, _, names in os.walk(folder) for name in names)
    others = {ending: endings[ending] for ending in _PASSED_OVER if endings[ending] and ending not in wanted}
    more = f'extensions={(*wanted, *others)!r} in this data set' if others else ''
    if not any(endings[ending] for ending in wanted):
        cure = f', set {more}' if more else ''
        raise SettingError(f'{field}: no image in {folder}: expected files that end in {", ".join(wanted)}{cure}')
    if not others:
        return []
    counts = ', '.join(f'{count} that end in {ending}' for ending, count in others.items())
    return [f'{field}: of the images in {folder} mmpretrain passes over {counts}: to use them set {more}']


def _with_our_reader(step: Any) -> Any:
    if not isinstance(step, dict) or name_of(step.get('type')) != 'LoadImageFromFile':
        return step
    return ConfigDict(step, type='mmseg_liteseg.LoadImageFromFile')
