"""A folder of each convention ends in a config whose data set yields the right labels."""

from __future__ import annotations

import numpy as np
import pytest

from .checks import check_labels, convert
from .scenes import BINARY, IDS, deep, folder, grey, photo, rgb, rgba, save, save_palette, truth

# image, mask, how labels are stored, number of ids, what comes out
SIMPLE = {
    'two trees': ('images/{i}.jpg', 'masks/{i}.png', grey([0, 1, 2]), 3, IDS),
    'splits below': ('images/train/a{i}.png', 'labels/train/a{i}.png', grey([0, 1, 2]), 3, IDS),
    'splits above': ('train/image/a{i}.png', 'train/label/a{i}.png', grey([0, 1, 2]), 3, IDS),
    'SegNet tutorial': ('train/a{i}.png', 'trainannot/a{i}.png', grey([0, 1, 2]), 3, IDS),
    'mmseg': ('img_dir/train/x{i}.jpg', 'ann_dir/train/x{i}.png', grey([0, 1, 2]), 3, IDS),
    'nnU-Net names': ('imagesTr/la_{i}.png', 'labelsTr/la_{i}.png', grey([0, 1, 2]), 3, IDS),
    'one folder, _mask': ('{i}.jpg', '{i}_mask.png', grey([0, 255]), 2, BINARY),
    'one folder, _L': ('{i}.png', '{i}_L.png', rgb, 3, {'background': 0, 'maroon': 1, 'green': 2}),
    'one folder, same stem': ('{i}.jpg', '{i}.png', grey([0, 1, 2]), 3, IDS),
    'prefixes': ('image_{i}.png', 'label_{i}.png', grey([0, 1, 2]), 3, IDS),
    'prefixes without _': ('image{i}.png', 'mask{i}.png', grey([0, 1]), 2, BINARY),
    'unknown affixes': ('photos/shot{i}.jpg', 'gt/truth_{i}_final.png', grey([0, 1, 2]), 3, IDS),
    'nameless folders': ('a/{i}.jpg', 'b/{i}.png', grey([0, 255]), 2, BINARY),
    'DeepGlobe': ('train/{i}_sat.jpg', 'train/{i}_mask.png', rgb, 3, {'background': 0, 'maroon': 1, 'green': 2}),
    'ISIC': ('data/ISIC_000{i}.jpg', 'gt/ISIC_000{i}_segmentation.png', grey([0, 255]), 2, BINARY),
    'Carvana': ('train/car_0{i}.jpg', 'train_masks/car_0{i}_mask.gif', grey([0, 255]), 2, BINARY),
    'colour mask suffix': ('{i}.png', '{i}_color_mask.png', rgba, 3, {'background': 0, 'maroon': 1, 'green': 2}),
    'ids with gaps': (
        'images/{i}.png',
        'masks/{i}.png',
        grey([0, 2, 7]),
        3,
        {'class_0': 0, 'class_2': 1, 'class_7': 2},
    ),
    'ids from 1': ('images/{i}.png', 'masks/{i}.png', grey([1, 2, 3]), 3, {'class_1': 0, 'class_2': 1, 'class_3': 2}),
    '255 ignored': ('images/{i}.png', 'masks/{i}.png', grey([0, 1, 255]), 3, BINARY),
    'spread values': (
        *('images/{i}.png', 'masks/{i}.png', grey([0, 128, 255]), 3),
        {'class_0': 0, 'class_128': 1, 'class_255': 2},
    ),
    '16 bit, 0/65535': ('images/{i}.png', 'masks/{i}.png', deep([0, 65535]), 2, BINARY),
    '16 bit, id x 256': ('images/{i}.png', 'masks/{i}.png', deep([0, 256, 512]), 3, {'class_0': 0, 'class_256': 1}),
    '16 bit ids': ('images/{i}.png', 'masks/{i}.tif', deep([0, 300, 7000]), 3, {'class_0': 0, 'class_7000': 2}),
    'float': ('i/images/{i}.png', 'i/masks/{i}.tif', lambda labels: labels.astype(np.float32), 3, IDS),
    'boolean': ('images/{i}.png', 'masks/{i}.png', lambda labels: labels.astype(bool), 2, BINARY),
    'grey RGB': ('images/{i}.png', 'masks/{i}.png', lambda labels: np.dstack([labels * 255] * 3), 2, BINARY),
    'red channel': ('rgb/{i}.png', 'semantic/{i}.png', lambda x: np.dstack([x, 0 * x, 0 * x]), 3, IDS),
    'trimaps': (
        *('images/Abyssinian_{i}.jpg', 'annotations/trimaps/Abyssinian_{i}.png', grey([2, 1, 3]), 3),
        {'background': 0, 'foreground': 1},
    ),
}


@pytest.mark.parametrize('convention', SIMPLE)
def test_simple(convention, tmp_path):
    image, mask, make, ids, names = SIMPLE[convention]
    truths = folder(tmp_path / 'in', image, mask, make, ids=ids)
    _, cfg = convert(tmp_path / 'in')
    if convention == '16 bit, id x 256':
        names = {**names, 'class_512': 2}
    if convention == '16 bit ids':
        names = {**names, 'class_300': 1}
    check_labels(cfg, truths, names)


def test_paddleseg_lists_of_two_columns(tmp_path):
    truths = folder(tmp_path / 'in', 'x/{i}.jpg', 'y/n{i}.png', grey([0, 1, 2]))
    (tmp_path / 'in/train_list.txt').write_text(''.join(f'x/{i}.jpg y/n{i}.png\n' for i in (0, 2, 3)))
    (tmp_path / 'in/val_list.txt').write_text(''.join(f'x/{i}.jpg y/n{i}.png\n' for i in (1, 4)))
    plan, cfg = convert(tmp_path / 'in')
    check_labels(cfg, truths, IDS)
    assert [sample.image.name for sample in plan.splits['val']] == ['1.jpg', '4.jpg']


def test_splits_of_crops(tmp_path):
    """Crack500: traincrop, valcrop, testcrop, with images and masks in one folder."""
    for i, name in enumerate(('traincrop', 'valcrop', 'testcrop')):
        save(tmp_path / f'in/{name}/{i}.jpg', photo(truth(i, 2)))
        save(tmp_path / f'in/{name}/{i}.png', truth(i, 2) * 255)
    plan, _ = convert(tmp_path / 'in')
    assert {split: len(samples) for split, samples in plan.splits.items()} == dict(train=1, val=1, test=1)


def test_two_spellings_of_binary_masks(tmp_path):
    """Some masks 0/1, others 0/255: 255 is no ignored label there."""
    truths = folder(tmp_path / 'in', 'images/{i}.png', 'masks/{i}.png', grey([0, 255]), ids=2)
    save(tmp_path / 'in/masks/0.png', truth(0, 2))
    plan, cfg = convert(tmp_path / 'in')
    check_labels(cfg, truths, BINARY)
    assert 'the same two classes' in str(plan)


def test_palette_without_a_list_keeps_indices(tmp_path):
    truths = {}
    for i in range(4):
        save(tmp_path / f'in/images/{i}.png', photo(truth(i, 4)))
        save_palette(tmp_path / f'in/masks/{i}.png', truth(i, 4))
        truths[f'{i}.png'] = truth(i, 4)
    plan, cfg = convert(tmp_path / 'in')
    check_labels(cfg, truths, {f'class_{i}': i for i in range(4)})
    assert plan.written == 0
