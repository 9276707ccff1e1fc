"""Labels that are shapes in files of annotations, not masks."""

from __future__ import annotations

import base64
import io
import json
import zlib

import numpy as np
from PIL import Image

from .checks import check_labels, convert, labels_of
from .scenes import SIZE, photo, save, truth

NAMES = {'background': 0, 'roof': 1, 'lake': 2}


def roof_and_lake():
    """Two rectangles, whose corners the tests write in each format's way."""
    labels = np.zeros(SIZE, np.uint8)
    labels[5:16, 4:31] = 1
    labels[20:31, 10:21] = 2
    return labels


def test_labelme(tmp_path):
    truths = {}
    for i in range(3):
        labels = roof_and_lake()
        save(tmp_path / f'in/{i}.jpg', photo(labels))
        shapes = [
            dict(label='roof', shape_type='rectangle', points=[[30, 15], [4, 5]]),
            dict(label='lake', shape_type='polygon', points=[[10, 20], [20, 20], [20, 30], [10, 30]]),
        ]
        content = dict(shapes=shapes, imagePath=f'{i}.jpg', imageData=None, imageHeight=48, imageWidth=64)
        (tmp_path / f'in/{i}.json').write_text(json.dumps(content))
        truths[f'{i}.jpg'] = labels
    _, cfg = convert(tmp_path / 'in')
    check_labels(cfg, truths, NAMES)


def test_coco_with_polygons_and_runs(tmp_path):
    truths, images, objects = {}, [], []
    for i in range(3):
        labels = roof_and_lake()
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
    check_labels(cfg, truths, NAMES)
    assert len(cfg.metainfo.classes) == 3


def test_supervisely(tmp_path):
    truths = {}
    for i in range(3):
        labels = roof_and_lake()
        labels[8:12, 8:12] = 0
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
    check_labels(cfg, truths, NAMES)


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
