"""Files that list classes, of every spelling, give a data set its names and its order of classes."""

from __future__ import annotations

import numpy as np
import pytest

from .checks import check_labels, convert
from .scenes import folder, grey, rgb, save_palette, truth

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
    truths = folder(tmp_path / 'in', 'images/{i}.png', 'masks/{i}.png', rgb, ids=ids)
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
    truths = folder(tmp_path / 'in', 'images/{i}.png', 'masks/{i}.png', grey(stored))
    (tmp_path / 'in' / name).write_text(text)
    _, cfg = convert(tmp_path / 'in')
    check_labels(cfg, truths, {name or 'background': i for i, name in enumerate(names)})


@pytest.mark.parametrize('stored', ['values', 'palette', 'colours'])
@pytest.mark.parametrize('said', ['"evaluate": false', '"ignoreInEval": true'])
def test_classes_out_of_the_evaluation_are_ignored_and_named(stored, said, tmp_path):
    truths = folder(tmp_path / 'in', 'images/{i}.png', 'masks/{i}.png', rgb if stored == 'colours' else grey([0, 1, 2]))
    if stored == 'palette':
        for i in range(5):
            save_palette(tmp_path / f'in/masks/{i}.png', truth(i, 3))
    (tmp_path / 'in/config.json').write_text(
        '{"labels": [{"name": "nature--field", "color": [0, 0, 0], "evaluate": true}, '
        f'{{"name": "void--car-mount", "color": [128, 0, 0], {said}}}, {{"name": "lake", "color": [0, 128, 0]}}]}}'
    )
    plan, cfg = convert(tmp_path / 'in')
    check_labels(cfg, truths, {'nature--field': 0, 'lake': 2})
    assert 'config.json leaves out of the evaluation, so ignored: void--car-mount' in str(plan)


def test_class_without_pixels_stays_in_its_place(tmp_path):
    folder(tmp_path / 'in', 'images/{i}.png', 'masks/{i}.png', grey([0, 1, 3]))
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
