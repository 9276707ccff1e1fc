"""A folder of each convention ends in a config whose data set yields the right labels."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from PIL import Image

from mmseg_liteseg.datasets.converters import ConversionError
from mmseg_liteseg.new_dataset.build import new_dataset

from .checks import check_labels, convert, labels_of
from .scenes import COLOURS, SIZE, folder, photo, save, save_palette, truth

IDS = {'class_0': 0, 'class_1': 1, 'class_2': 2}
BINARY = {'background': 0, 'foreground': 1}


def _grey(values):
    return lambda labels: np.array(values, np.uint8)[labels]


def _rgb(labels):
    return COLOURS[labels]


def _rgba(labels):
    return np.dstack([COLOURS[labels], np.full(SIZE, 255, np.uint8)])


def _deep(values):
    return lambda labels: np.array(values, np.uint16)[labels]


# image, mask, how labels are stored, number of ids, what comes out
SIMPLE = {
    'two trees': ('images/{i}.jpg', 'masks/{i}.png', _grey([0, 1, 2]), 3, IDS),
    'splits below': ('images/train/a{i}.png', 'labels/train/a{i}.png', _grey([0, 1, 2]), 3, IDS),
    'splits above': ('train/image/a{i}.png', 'train/label/a{i}.png', _grey([0, 1, 2]), 3, IDS),
    'SegNet tutorial': ('train/a{i}.png', 'trainannot/a{i}.png', _grey([0, 1, 2]), 3, IDS),
    'mmseg': ('img_dir/train/x{i}.jpg', 'ann_dir/train/x{i}.png', _grey([0, 1, 2]), 3, IDS),
    'nnU-Net names': ('imagesTr/la_{i}.png', 'labelsTr/la_{i}.png', _grey([0, 1, 2]), 3, IDS),
    'one folder, _mask': ('{i}.jpg', '{i}_mask.png', _grey([0, 255]), 2, BINARY),
    'one folder, _L': ('{i}.png', '{i}_L.png', _rgb, 3, {'background': 0, 'maroon': 1, 'green': 2}),
    'one folder, same stem': ('{i}.jpg', '{i}.png', _grey([0, 1, 2]), 3, IDS),
    'prefixes': ('image_{i}.png', 'label_{i}.png', _grey([0, 1, 2]), 3, IDS),
    'prefixes without _': ('image{i}.png', 'mask{i}.png', _grey([0, 1]), 2, BINARY),
    'unknown affixes': ('photos/shot{i}.jpg', 'gt/truth_{i}_final.png', _grey([0, 1, 2]), 3, IDS),
    'nameless folders': ('a/{i}.jpg', 'b/{i}.png', _grey([0, 255]), 2, BINARY),
    'DeepGlobe': ('train/{i}_sat.jpg', 'train/{i}_mask.png', _rgb, 3, {'background': 0, 'maroon': 1, 'green': 2}),
    'ISIC': ('data/ISIC_000{i}.jpg', 'gt/ISIC_000{i}_segmentation.png', _grey([0, 255]), 2, BINARY),
    'Carvana': ('train/car_0{i}.jpg', 'train_masks/car_0{i}_mask.gif', _grey([0, 255]), 2, BINARY),
    'colour mask suffix': ('{i}.png', '{i}_color_mask.png', _rgba, 3, {'background': 0, 'maroon': 1, 'green': 2}),
    'ids with gaps': (
        'images/{i}.png',
        'masks/{i}.png',
        _grey([0, 2, 7]),
        3,
        {'class_0': 0, 'class_2': 1, 'class_7': 2},
    ),
    'ids from 1': ('images/{i}.png', 'masks/{i}.png', _grey([1, 2, 3]), 3, {'class_1': 0, 'class_2': 1, 'class_3': 2}),
    '255 ignored': ('images/{i}.png', 'masks/{i}.png', _grey([0, 1, 255]), 3, BINARY),
    'spread values': (
        *('images/{i}.png', 'masks/{i}.png', _grey([0, 128, 255]), 3),
        {'class_0': 0, 'class_128': 1, 'class_255': 2},
    ),
    '16 bit, 0/65535': ('images/{i}.png', 'masks/{i}.png', _deep([0, 65535]), 2, BINARY),
    '16 bit, id x 256': ('images/{i}.png', 'masks/{i}.png', _deep([0, 256, 512]), 3, {'class_0': 0, 'class_256': 1}),
    '16 bit ids': ('images/{i}.png', 'masks/{i}.tif', _deep([0, 300, 7000]), 3, {'class_0': 0, 'class_7000': 2}),
    'float': ('i/images/{i}.png', 'i/masks/{i}.tif', lambda labels: labels.astype(np.float32), 3, IDS),
    'boolean': ('images/{i}.png', 'masks/{i}.png', lambda labels: labels.astype(bool), 2, BINARY),
    'grey RGB': ('images/{i}.png', 'masks/{i}.png', lambda labels: np.dstack([labels * 255] * 3), 2, BINARY),
    'red channel': ('rgb/{i}.png', 'semantic/{i}.png', lambda x: np.dstack([x, 0 * x, 0 * x]), 3, IDS),
    'trimaps': (
        *('images/Abyssinian_{i}.jpg', 'annotations/trimaps/Abyssinian_{i}.png', _grey([2, 1, 3]), 3),
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


def test_paddleseg_lists_of_two_columns(tmp_path):
    truths = folder(tmp_path / 'in', 'x/{i}.jpg', 'y/n{i}.png', _grey([0, 1, 2]))
    (tmp_path / 'in/train_list.txt').write_text(''.join(f'x/{i}.jpg y/n{i}.png\n' for i in (0, 2, 3)))
    (tmp_path / 'in/val_list.txt').write_text(''.join(f'x/{i}.jpg y/n{i}.png\n' for i in (1, 4)))
    plan, cfg = convert(tmp_path / 'in')
    check_labels(cfg, truths, IDS)
    assert [sample.image.name for sample in plan.splits['val']] == ['1.jpg', '4.jpg']


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


CLASS_FILES = {
    'class_dict.csv': 'name,r,g,b\nVoid,128,128,0\nfield,0,0,0\nroof,128,0,0\nlake,0,128,0\nnever,1,2,3\n',
    'labelmap.txt': '# label:color_rgb:parts:actions\nfield:0,0,0::\nroof:128,0,0::\nlake:0,128,0::\n',
    'label_colors.txt': '0 0 0\tfield\n128 0 0\t\troof\n0 128 0\tlake\n',
    'classes.json': '{"field": [0, 0, 0], "roof": [128, 0, 0], "lake": [0, 128, 0]}',
    'meta.json': '{"classes": [{"title": "field", "color": "#000000"}, {"title": "roof", "color": "#800000"}, '
    '{"title": "lake", "color": "#008000"}]}',
    'config.json': '{"labels": [{"name": "a--field", "readable": "Field", "color": [0, 0, 0]}, '
    '{"name": "roof", "color": [128, 0, 0]}, {"name": "lake", "color": [0, 128, 0]}]}',
}


@pytest.mark.parametrize('name', CLASS_FILES)
@pytest.mark.parametrize('stored', ['colours', 'palette'])
def test_class_files_with_colours(name, stored, tmp_path):
    ids = 4 if 'Void' in CLASS_FILES[name] else 3
    truths = folder(tmp_path / 'in', 'images/{i}.png', 'masks/{i}.png', _rgb, ids=ids)
    if stored == 'palette':
        for i in range(5):
            save_palette(tmp_path / f'in/masks/{i}.png', truth(i, ids))
    (tmp_path / 'in' / name).write_text(CLASS_FILES[name])
    _, cfg = convert(tmp_path / 'in')
    field = 'a--field' if 'a--field' in CLASS_FILES[name] else 'field'
    check_labels(cfg, truths, {field: 0, 'roof': 1, 'lake': 2})
    assert cfg.metainfo.palette[cfg.metainfo.classes.index('roof')] == [128, 0, 0]


@pytest.mark.parametrize(
    ('name', 'text', 'stored', 'names'),
    [
        ('_classes.csv', 'Pixel Value, Class\n0, background\n1, roof\n2, lake\n', [0, 1, 2], (0, 'roof', 'lake')),
        ('classes.txt', 'field\nroof\nlake\n', [0, 1, 2], ('field', 'roof', 'lake')),
        ('labels.txt', '0 field\n2 roof\n7 lake\n', [0, 2, 7], ('field', 'roof', 'lake')),
        ('labels.txt', '__ignore__\n_background_\nroof\nlake\n', [1, 2, 3], ('_background_', 'roof', 'lake')),
        ('classes.txt', 'field\nroof\nlake\n', [0, 128, 255], ('field', 'roof', 'lake')),
        ('classes.json', '["field", "roof", "lake", "never"]', [0, 1, 2], ('field', 'roof', 'lake')),
        ('names.yaml', 'names:\n  0: field\n  1: roof\n  2: lake\n', [0, 1, 2], ('field', 'roof', 'lake')),
        ('classes.txt', 'roof\nlake\n', [0, 1, 2], ('background', 'roof', 'lake')),
        ('classes.json', '{"field": 0, "roof": 5, "lake": 9}', [0, 5, 9], ('field', 'roof', 'lake')),
    ],
)
def test_class_files_with_names(name, text, stored, names, tmp_path):
    truths = folder(tmp_path / 'in', 'images/{i}.png', 'masks/{i}.png', _grey(stored))
    (tmp_path / 'in' / name).write_text(text)
    _, cfg = convert(tmp_path / 'in')
    check_labels(cfg, truths, {name or 'background': i for i, name in enumerate(names)})


def test_class_without_pixels_stays_in_its_place(tmp_path):
    folder(tmp_path / 'in', 'images/{i}.png', 'masks/{i}.png', _grey([0, 1, 3]))
    (tmp_path / 'in/classes.txt').write_text('field\nroof\nnever\nlake\n')
    plan, cfg = convert(tmp_path / 'in')
    assert list(cfg.metainfo.classes) == ['field', 'roof', 'never', 'lake']
    assert 'classes that no mask holds: never' in str(plan)
    assert plan.written == 0  # the masks are what is needed


def test_zero_as_no_label_is_ignored_like_reduce_zero_label(tmp_path):
    def rare_zero(labels):
        result = labels + 1
        result[:4] = 0
        return result

    folder(tmp_path / 'in', 'images/{i}.png', 'annotations/{i}.png', rare_zero)
    (tmp_path / 'in/classes.txt').write_text('field\nroof\nlake\n')
    truths = {f'{i}.png': np.where(rare_zero(truth(i)) == 0, 9, truth(i)) for i in range(5)}
    plan, cfg = convert(tmp_path / 'in')
    check_labels(cfg, truths, {'field': 0, 'roof': 1, 'lake': 2})
    assert 'reduce_zero_label' in str(plan)


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


def test_a_folder_of_masks_per_class(tmp_path):
    truths = {}
    for i in range(3):
        save(tmp_path / f'in/images/{i}.png', photo(truth(i)))
        for label, name in ((1, 'car'), (2, 'road')):
            save(tmp_path / f'in/masks/{name}/{i}.png', (truth(i) == label).astype(np.uint8) * 255)
        truths[f'{i}.png'] = truth(i)
    _, cfg = convert(tmp_path / 'in')
    check_labels(cfg, truths, {'background': 0, 'car': 1, 'road': 2})


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


def _jpeg(pixels, quality=90):
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, 'JPEG', quality=quality)
    return np.asarray(Image.open(stream))


@pytest.mark.parametrize('make', [_grey([0, 255]), _rgb], ids=['grey', 'colours'])
def test_jpeg_masks_are_rounded_with_a_warning(make, tmp_path):
    ids = 2 if make is not _rgb else 3
    truths = folder(tmp_path / 'in', 'images/{i}.png', 'masks/{i}.png', make, ids=ids)
    for i in range(5):
        save(tmp_path / f'in/masks/{i}.jpg', make(truth(i, ids)), quality=90)
        (tmp_path / f'in/masks/{i}.png').unlink()
    plan, cfg = convert(tmp_path / 'in')
    names = BINARY if ids == 2 else dict(zip(['background', *cfg.metainfo.classes[1:]], (0, 1, 2)))
    if ids == 3:
        reds = [palette[0] > 64 for palette in cfg.metainfo.palette]
        names = {cfg.metainfo.classes[reds.index(True)]: 1, 'background': 0}
        names[next(name for name in cfg.metainfo.classes if name not in names)] = 2
    check_labels(cfg, truths, names, tolerance=0.06)
    assert 'JPEG masks: ' in str(plan)
    assert '% of the pixels' in str(plan)


@pytest.mark.parametrize('resized', ['binary', 'greys', 'colours', 'from JPEG'])
def test_soft_edges_make_no_classes(resized, tmp_path):
    """Masks resized with interpolation, smoothed, or saved as PNG after JPEG."""
    ids = 2 if resized in ('binary', 'from JPEG') else 3
    clean = {'greys': _grey([0, 128, 255]), 'colours': _rgb}.get(resized, _grey([0, 255]))

    def make(labels):
        if resized == 'from JPEG':
            return _jpeg(clean(labels), 60)
        image = Image.fromarray(clean(labels))
        return np.asarray(image.resize((32, 24), Image.BILINEAR).resize(SIZE[::-1], Image.BILINEAR))

    truths = folder(tmp_path / 'in', 'images/{i}.png', 'masks/{i}.png', make, ids=ids)
    plan, cfg = convert(tmp_path / 'in')
    names = {'greys': {'class_0': 0, 'class_128': 1, 'class_255': 2}}.get(resized, BINARY)
    if resized == 'colours':
        names = {'background': 0, 'maroon': 1, 'green': 2}
    check_labels(cfg, truths, names, tolerance=0.06)
    assert 'soft edges or noise' in str(plan)


def test_labelme(tmp_path):
    truths = {}
    for i in range(3):
        labels = np.zeros(SIZE, np.uint8)
        labels[5:16, 4:31] = 1
        labels[20:31, 10:21] = 2
        save(tmp_path / f'in/{i}.jpg', photo(labels))
        shapes = [
            dict(label='roof', shape_type='rectangle', points=[[30, 15], [4, 5]]),
            dict(label='lake', shape_type='polygon', points=[[10, 20], [20, 20], [20, 30], [10, 30]]),
        ]
        content = dict(shapes=shapes, imagePath=f'{i}.jpg', imageData=None, imageHeight=48, imageWidth=64)
        (tmp_path / f'in/{i}.json').write_text(json.dumps(content))
        truths[f'{i}.jpg'] = labels
    _, cfg = convert(tmp_path / 'in')
    check_labels(cfg, truths, {'background': 0, 'roof': 1, 'lake': 2})


def test_coco_with_polygons_and_runs(tmp_path):
    truths, images, objects = {}, [], []
    for i in range(3):
        labels = np.zeros(SIZE, np.uint8)
        labels[5:16, 4:31] = 1
        labels[20:31, 10:21] = 2
        save(tmp_path / f'in/train/{i}.jpg', photo(labels))
        images.append(dict(id=i, file_name=f'{i}.jpg', height=48, width=64))
        polygon = dict(image_id=i, category_id=7, segmentation=[[4, 5, 31, 5, 31, 16, 4, 16]], area=297)
        flat = np.concatenate([[0], (labels == 2).T.ravel(), [0]]).astype(int)
        edges = np.flatnonzero(np.diff(flat))
        runs = np.diff([0, *edges, labels.size]).tolist()
        objects += [polygon, dict(image_id=i, category_id=9, segmentation=dict(counts=runs, size=SIZE), area=121)]
        truths[f'{i}.jpg'] = labels
    for number, record in enumerate(objects):
        record['id'] = number
    names = [dict(id=7, name='roof'), dict(id=9, name='lake'), dict(id=1, name='unused')]
    (tmp_path / 'in/train/_annotations.coco.json').write_text(
        json.dumps(dict(images=images, annotations=objects, categories=names))
    )
    _, cfg = convert(tmp_path / 'in')
    check_labels(cfg, truths, {'background': 0, 'roof': 1, 'lake': 2})
    assert len(cfg.metainfo.classes) == 3


def test_supervisely(tmp_path):
    import base64
    import zlib

    truths = {}
    for i in range(3):
        labels = np.zeros(SIZE, np.uint8)
        labels[5:16, 4:31] = 1
        labels[8:12, 8:12] = 0
        labels[20:31, 10:21] = 2
        save(tmp_path / f'in/ds/img/{i}.jpg', photo(labels))
        stream = io.BytesIO()
        Image.fromarray(np.full((11, 11), 255, np.uint8)).save(stream, 'PNG')
        bitmap = base64.b64encode(zlib.compress(stream.getvalue())).decode()
        outline = [[4, 5], [30, 5], [30, 15], [4, 15]]
        hole = [[8, 8], [11, 8], [11, 11], [8, 11]]
        objects = [
            dict(classTitle='roof', geometryType='polygon', points=dict(exterior=outline, interior=[hole])),
            dict(classTitle='lake', geometryType='bitmap', bitmap=dict(data=bitmap, origin=[10, 20])),
        ]
        content = dict(size=dict(height=48, width=64), objects=objects)
        path = tmp_path / f'in/ds/ann/{i}.jpg.json'
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(content))
        truths[f'{i}.jpg'] = labels
    _, cfg = convert(tmp_path / 'in')
    check_labels(cfg, truths, {'background': 0, 'roof': 1, 'lake': 2})


def test_two_spellings_of_binary_masks(tmp_path):
    """Some masks 0/1, others 0/255: 255 is no ignored label there."""
    truths = folder(tmp_path / 'in', 'images/{i}.png', 'masks/{i}.png', _grey([0, 255]), ids=2)
    save(tmp_path / 'in/masks/0.png', truth(0, 2))
    plan, cfg = convert(tmp_path / 'in')
    check_labels(cfg, truths, BINARY)
    assert 'the same two classes' in str(plan)


def test_ultralytics_outlines(tmp_path):
    truths = {}
    for i in range(4):
        split = 'val' if i == 3 else 'train'
        labels = np.zeros(SIZE, np.uint8)
        if i != 1:  # one image without objects: an empty file
            labels[6:24, 8:32] = 2
        save(tmp_path / f'in/images/{split}/{i}.jpg', photo(labels))
        path = tmp_path / f'in/labels/{split}/{i}.txt'
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('1 0.125 0.125 0.5 0.125 0.5 0.5 0.125 0.5\n' if i != 1 else '')
        truths[f'{i}.jpg'] = labels
    (tmp_path / 'in/data.yaml').write_text('path: .\ntrain: images/train\nnames:\n  0: roof\n  1: lake\n')
    plan, cfg = convert(tmp_path / 'in')
    check_labels(cfg, truths, {'background': 0, 'lake': 2}, tolerance=0.03)
    assert [len(samples) for samples in plan.splits.values()] == [3, 1]


def test_ade20k_list_of_objects(tmp_path):
    """A table with more columns, 0 left out of it."""

    def make(labels):
        stored = np.array([1, 2, 4], np.uint8)[labels]
        stored[:3] = 0
        return stored

    folder(tmp_path / 'in', 'images/training/ADE_{i}.jpg', 'annotations/training/ADE_{i}.png', make)
    rows = 'Idx\tRatio\tTrain\tVal\tStuff\tName\n1\t0.1\t9\t1\t1\twall\n2\t0.1\t9\t1\t0\tbuilding, edifice\n'
    rows += '3\t0.1\t9\t1\t1\tsky\n4\t0.1\t9\t1\t1\tfloor, flooring\n'
    (tmp_path / 'in/objectInfo150.txt').write_text(rows)
    (tmp_path / 'in/sceneCategories.txt').write_text(''.join(f'ADE_{i} kitchen\n' for i in range(300)))
    _, cfg = convert(tmp_path / 'in')
    truths = {f'ADE_{i}.jpg': np.where(make(truth(i)) == 0, 9, truth(i)) for i in range(5)}
    check_labels(cfg, truths, dict(zip(('wall', 'building, edifice', 'floor, flooring'), range(3))))


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


def test_palette_without_a_list_keeps_indices(tmp_path):
    truths = {}
    for i in range(4):
        save(tmp_path / f'in/images/{i}.png', photo(truth(i, 4)))
        save_palette(tmp_path / f'in/masks/{i}.png', truth(i, 4))
        truths[f'{i}.png'] = truth(i, 4)
    plan, cfg = convert(tmp_path / 'in')
    check_labels(cfg, truths, {f'class_{i}': i for i in range(4)})
    assert plan.written == 0


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


def test_splits_of_crops(tmp_path):
    """Crack500: traincrop, valcrop, testcrop, with images and masks in one folder."""
    for i, name in enumerate(('traincrop', 'valcrop', 'testcrop')):
        save(tmp_path / f'in/{name}/{i}.jpg', photo(truth(i, 2)))
        save(tmp_path / f'in/{name}/{i}.png', truth(i, 2) * 255)
    plan, _ = convert(tmp_path / 'in')
    assert {split: len(samples) for split, samples in plan.splits.items()} == dict(train=1, val=1, test=1)


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


def test_shapes_that_overlap(tmp_path):
    """With --multi-label each class keeps all of its pixels; a.png beside a.jpg is an image of its own."""
    boxes = dict(road=[[0, 0], [40, 20]], wet=[[20, 10], [50, 30]])
    for name in ('a.jpg', 'a.png', 'b.png', 'c.png'):
        save(tmp_path / 'in' / name, photo(truth(0)))
        shapes = [dict(label=label, shape_type='rectangle', points=points) for label, points in boxes.items()]
        tree = dict(shapes=shapes, imagePath=name, imageHeight=SIZE[0], imageWidth=SIZE[1])
        (tmp_path / f'in/{name.replace(".", "_")}.json').write_text(json.dumps(tree))
    _, cfg = convert(tmp_path / 'in', multi_label=True)
    assert tuple(cfg.metainfo.classes) == ('road', 'wet')
    loaded = labels_of(cfg)
    assert set(loaded) == {'a.jpg', 'a.png', 'b.png', 'c.png'}
    assert all(masks.sum((0, 1)).tolist() == [41 * 21, 31 * 21] for masks in loaded.values())
    _, cfg = convert(tmp_path / 'in', overwrite=True)
    assert all(
        np.bincount(labels.ravel())[1:].tolist() == [41 * 21 - 21 * 11, 651] for labels in labels_of(cfg).values()
    )
