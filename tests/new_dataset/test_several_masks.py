"""Several masks to an image: one per class, one per object, or a band per class."""

from __future__ import annotations

import numpy as np
import pytest

from mmseg_liteseg.datasets.converters import ConversionError
from mmseg_liteseg.new_dataset.build import new_dataset

from .checks import check_labels, convert, labels_of
from .scenes import BINARY, folder, photo, save, truth


def test_a_folder_of_masks_per_class(tmp_path):
    truths = {}
    for i in range(3):
        save(tmp_path / f'in/images/{i}.png', photo(truth(i)))
        for label, name in ((1, 'car'), (2, 'road')):
            save(tmp_path / f'in/masks/{name}/{i}.png', (truth(i) == label).astype(np.uint8) * 255)
        truths[f'{i}.png'] = truth(i)
    _, cfg = convert(tmp_path / 'in')
    check_labels(cfg, truths, {'background': 0, 'car': 1, 'road': 2})


@pytest.mark.parametrize('name', ['{i}_{word}.png', 'masks/{i}/{word}.png', 'masks/photo{i}-{word}_mask.png'])
@pytest.mark.parametrize('objects', [1, 2])
def test_masks_named_by_their_class(tmp_path, name, objects):
    """One mask, or several of single objects, per class."""
    truths, image = {}, 'photo{i}.png' if 'photo' in name else '{i}.png'
    for i in range(4):
        save(tmp_path / 'in' / image.format(i=i), photo(truth(i), i))
        for label, word in ((1, 'car'), (2, 'side_walk')):
            for part in range(objects):
                mask = (truth(i) == label) & (np.arange(48)[:, None] % objects == part)
                words = f'{word}_{part}' if objects > 1 else word
                save(tmp_path / 'in' / name.format(i=i, word=words), mask.astype(np.uint8) * 255)
        truths[image.format(i=i)] = truth(i)
    plan, cfg = convert(tmp_path / 'in')
    check_labels(cfg, truths, {'background': 0, 'car': 1, 'side_walk': 2})
    assert 'a mask, or several, per class: car, side_walk' in plan.folder.notes


def test_an_object_per_mask(tmp_path):
    """DSB 2018: a folder per image; BUSI: _mask, _mask_1."""
    truths = {}
    for i in range(3):
        parts = [truth(i) == 1, truth(i) == 2]
        save(tmp_path / f'dsb/id{i}/images/id{i}.png', photo(truth(i)))
        save(tmp_path / f'busi/benign ({i}).png', photo(truth(i)))
        for k, part in enumerate(parts):
            save(tmp_path / f'dsb/id{i}/masks/{k}f{i}.png', part.astype(np.uint8) * 255)
            save(tmp_path / f'busi/benign ({i})_mask{"_1" * k}.png', part.astype(np.uint8) * 255)
        truths[i] = (truth(i) > 0).astype(np.uint8)
    _, cfg = convert(tmp_path / 'dsb')
    check_labels(cfg, {f'id{i}.png': labels for i, labels in truths.items()}, BINARY)
    _, cfg = convert(tmp_path / 'busi', overwrite=True)
    check_labels(cfg, {f'benign ({i}).png': labels for i, labels in truths.items()}, BINARY)


def test_several_classes_at_a_pixel(tmp_path):
    """A folder per class, one missing; and a band per class in a PNG, in the order of the file."""
    for i in range(4):
        road, wet = truth(i) == 1, truth(i) > 0
        save(tmp_path / f'folders/images/{i}.png', photo(truth(i)))
        save(tmp_path / f'folders/masks/wet/{i}.png', wet.astype(np.uint8) * 255)
        if i:
            save(tmp_path / f'folders/masks/road/{i}.png', road.astype(np.uint8))
        save(tmp_path / f'bands/images/{i}.png', photo(truth(i)))
        save(tmp_path / f'bands/masks/{i}.png', np.dstack([road, wet, ~wet]).astype(np.uint8) * 255)
    (tmp_path / 'bands/classes.txt').write_text('road\nwet\ndry\n')
    for name, classes in (('folders', ('road', 'wet')), ('bands', ('road', 'wet', 'dry'))):
        _, cfg = convert(tmp_path / name, multi_label=True, overwrite=True)
        assert tuple(cfg.metainfo.classes) == classes
        for file, masks in labels_of(cfg).items():
            labels = truth(int(file[0]))
            assert (masks[..., 1] == (labels > 0)).all()
            assert (masks[..., 0] == ((labels == 1) & (name == 'bands' or file != '0.png'))).all()


def test_one_class_at_a_pixel_is_no_multi_label(tmp_path):
    folder(tmp_path / 'in', 'images/{i}.png', 'masks/{i}.png', lambda labels: labels)
    with pytest.raises(ConversionError, match='--multi-label expects a folder of masks per class'):
        new_dataset(tmp_path / 'in', tmp_path / 'out', multi_label=True)
