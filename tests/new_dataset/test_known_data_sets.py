"""Public data sets are known by their names, files or colours, without a list of classes."""

from __future__ import annotations

import numpy as np
import pytest

from .checks import check_labels, convert
from .scenes import BINARY, COLOURS, IDS, SIZE, folder, photo, save, save_palette, truth


def test_palette_png_keeps_its_colours_and_border(tmp_path):
    truths = {}
    for i in range(4):
        labels = truth(i)
        labels[:, 0] = 255
        save(tmp_path / f'in/VOC2012/JPEGImages/2007_00{i}.jpg', photo(truth(i)))
        save_palette(tmp_path / f'in/VOC2012/SegmentationClass/2007_00{i}.png', labels)
        save_palette(tmp_path / f'in/VOC2012/SegmentationObject/2007_00{i}.png', np.minimum(labels, 1))
        truths[f'2007_00{i}.jpg'] = labels
    lists = tmp_path / 'in/VOC2012/ImageSets/Segmentation'
    lists.mkdir(parents=True)
    (lists / 'train.txt').write_text('2007_000\n2007_001\n2007_002\n')
    (lists / 'val.txt').write_text('2007_003\n')
    (lists / 'trainval.txt').write_text('2007_000\n2007_001\n2007_002\n2007_003\n')
    plan, cfg = convert(tmp_path / 'in')
    check_labels(cfg, truths, {'background': 0, 'aeroplane': 1, 'bicycle': 2})
    assert [sample.name[-1] for sample in plan.splits['val']] == ['3']
    assert cfg.metainfo.palette[1] == [128, 0, 0]


@pytest.mark.parametrize('ids', [(7, 8, 11), (0, 1, 2)])
def test_cityscapes_names(ids, tmp_path):
    """Its own ids become its 19 classes; other people's ids under its names stay what they are."""
    truths = {}
    for i, city in enumerate(('aachen', 'bonn', 'aachen', 'bonn')):
        split = ('train', 'val')[i % 2]
        stem = f'{city}_00000{i}_000019'
        save(tmp_path / f'in/leftImg8bit/{split}/{city}/{stem}_leftImg8bit.png', photo(truth(i)))
        for kind, pixels in (
            ('labelIds', np.array(ids, np.uint8)[truth(i)]),
            ('instanceIds', truth(i).astype(np.uint16) * 1000),
            ('color', COLOURS[truth(i)]),
        ):
            save(tmp_path / f'in/gtFine/{split}/{city}/{stem}_gtFine_{kind}.png', pixels)
        truths[f'{stem}_leftImg8bit.png'] = truth(i)
    _, cfg = convert(tmp_path / 'in')
    check_labels(cfg, truths, {'road': 0, 'sidewalk': 1, 'building': 2} if ids[0] else IDS)
    assert len(cfg.metainfo.classes) == (19 if ids[0] else 3)


def test_drive_takes_the_hand_drawn_masks_not_the_field_of_view(tmp_path):
    truths = {}
    for i in range(3):
        save(tmp_path / f'in/training/images/2{i}_training.tif', photo(truth(i, 2)))
        save(tmp_path / f'in/training/1st_manual/2{i}_manual1.gif', truth(i, 2) * 255)
        save(tmp_path / f'in/training/mask/2{i}_training_mask.gif', np.full(SIZE, 255, np.uint8))
        save(tmp_path / f'in/test/images/0{i}_test.tif', photo(truth(i, 2)))
        save(tmp_path / f'in/test/mask/0{i}_test_mask.gif', np.full(SIZE, 255, np.uint8))
        truths[f'2{i}_training.tif'] = truth(i, 2)
    plan, cfg = convert(tmp_path / 'in')
    check_labels(cfg, truths, BINARY)
    assert sum('image without a mask' in line for line in plan.folder.left_out) == 3


def test_kitti_ids_not_colours_nor_instances(tmp_path):
    truths = {}
    for i in range(4):
        for kind, pixels in (
            ('image_2', photo(truth(i))),
            ('semantic', np.array([7, 11, 26], np.uint8)[truth(i)]),
            ('semantic_rgb', COLOURS[truth(i)]),
            ('instance', truth(i).astype(np.uint16) * 256),
        ):
            save(tmp_path / f'in/training/{kind}/00000{i}_10.png', pixels)
        save(tmp_path / f'in/testing/image_2/00000{i}_10.png', photo(truth(9)))
        truths[f'00000{i}_10.png'] = truth(i)
    _, cfg = convert(tmp_path / 'in')
    check_labels(cfg, truths, {'class_7': 0, 'class_11': 1, 'class_26': 2})


def test_loveda_has_no_data_at_0(tmp_path):
    truths = {}
    for i, split in enumerate(('Train', 'Val')):
        for place in ('Rural', 'Urban'):
            labels = truth(i)
            labels[:2] = 9
            save(tmp_path / f'in/{split}/{place}/images_png/{place}{i}.png', photo(truth(i)))
            save(tmp_path / f'in/{split}/{place}/masks_png/{place}{i}.png', np.where(labels == 9, 0, labels + 1))
            truths[f'{place}{i}.png'] = labels
    _, cfg = convert(tmp_path / 'in')
    check_labels(cfg, truths, {'background': 0, 'building': 1, 'road': 2})


def test_potsdam_is_known_by_its_name_and_black_is_ignored(tmp_path):
    colours = np.array([[255, 255, 255], [0, 0, 255], [0, 255, 0], [0, 0, 0]], np.uint8)
    truths = {}
    for i in range(4):
        labels = truth(i, 4)
        save(tmp_path / f'in/2_Ortho_RGB/top_potsdam_2_{i}_RGB.tif', photo(labels))
        save(tmp_path / f'in/5_Labels/top_potsdam_2_{i}_label_noBoundary.tif', colours[labels])
        truths[f'top_potsdam_2_{i}_RGB.tif'] = labels
    _, cfg = convert(tmp_path / 'in')
    check_labels(cfg, truths, {'impervious_surface': 0, 'building': 1, 'tree': 2})


CITYSCAPES = np.array([[128, 64, 128], [220, 20, 60], [70, 70, 70], [0, 0, 142]], np.uint8)
PRIMARIES = np.array([[0, 0, 0], [255, 0, 0], [0, 255, 0], [0, 0, 255]], np.uint8)


@pytest.mark.parametrize(
    ('colours', 'names'),
    [
        (CITYSCAPES, ('road', 'person', 'building', 'car')),
        (PRIMARIES, ('background', 'red', 'lime', 'blue')),
        (COLOURS, ('background', 'maroon', 'green', 'olive')),
    ],
    ids=['Cityscapes', 'primaries', 'VOC'],
)
def test_colours_without_a_list(colours, names, tmp_path):
    """Telling colours are recognised; VOC's colormap, which labelme writes for any classes, gives no names."""
    truths = folder(tmp_path / 'in', 'images/{i}.png', 'masks/{i}.png', lambda labels: colours[labels], ids=4)
    _, cfg = convert(tmp_path / 'in')
    check_labels(cfg, truths, {name: i for i, name in enumerate(names)})
    assert len(cfg.metainfo.classes) == 4
