"""Lists of classes in the forms they are written in."""

from __future__ import annotations

import pytest

from mmseg_liteseg.datasets.converters import ConversionError
from mmseg_liteseg.datasets.converters.masks.class_files import Entry, find_class_files, read_class_file

ROAD, CAR = Entry('road', None, 0x804080), Entry('car', None, 0x00008E)


@pytest.mark.parametrize(
    ('name', 'text', 'entries'),
    [
        ('c.csv', 'name,r,g,b\nroad,128,64,128\ncar,0,0,142\n', (ROAD, CAR)),
        ('c.csv', 'r,g,b,class\n128,64,128,road\n0,0,142,car\n', (ROAD, CAR)),
        ('c.csv', 'road,128,64,128\ncar,0,0,142\n', (ROAD, CAR)),
        ('c.csv', 'name,color\nroad,"(128, 64, 128)"\ncar,#00008e\n', (ROAD, CAR)),
        ('c.txt', '128 64 128 road\n0 0 142 car\n', (ROAD, CAR)),
        ('c.txt', 'road 128 64 128\ncar 0 0 142\n', (ROAD, CAR)),
        ('c.txt', '128 64 128\troad\n0 0 142\tcar\n', (ROAD, CAR)),
        ('c.txt', 'road:128,64,128::\ncar:0,0,142::\n', (ROAD, CAR)),
        ('c.json', '{"road": [128, 64, 128], "car": "#00008E"}', (ROAD, CAR)),
        ('c.json', '[{"name": "road", "color": [128, 64, 128]}, {"name": "car", "color": [0, 0, 142]}]', (ROAD, CAR)),
        ('c.csv', 'Pixel Value, Class\n1, car\n0, road\n', (Entry('road', 0), Entry('car', 1))),
        ('c.txt', '0 road\n7 car\n', (Entry('road', 0), Entry('car', 7))),
        ('c.txt', '0: road\n7: car\n', (Entry('road', 0), Entry('car', 7))),
        ('c.txt', 'road\nparked car\n', (Entry('road'), Entry('parked car'))),
        ('c.json', '{"0": "road", "7": "car"}', (Entry('road', 0), Entry('car', 7))),
        ('c.json', '{"road": 0, "car": 7}', (Entry('road', 0), Entry('car', 7))),
        ('c.json', '{"categories": [{"id": 7, "name": "car"}]}', (Entry('car', 7),)),
        ('c.yaml', 'path: .\nnames: [road, car]\n', (Entry('road'), Entry('car'))),
        ('c.yaml', 'names:\n  0: road\n  7: car\n', (Entry('road', 0), Entry('car', 7))),
        ('c.csv', '\ufeffname,r,g,b\nStraße,1,2,3\n', (Entry('Straße', None, 0x010203),)),
    ],
)
def test_forms(name, text, entries, tmp_path):
    (tmp_path / name).write_text(text, encoding='utf-8')
    assert read_class_file(tmp_path / name).entries == entries


@pytest.mark.parametrize('name', ['Void', 'unlabeled', '__ignore__', 'no data', 'Not classified'])
def test_void(name):
    assert Entry(name).is_void


@pytest.mark.parametrize('name', ['background', 'avoid', 'unknown animal'])
def test_no_void(name):
    assert not Entry(name).is_void


@pytest.mark.parametrize(
    ('text', 'match'),
    [('', 'no classes found'), ('road\nroad\n', "'road' is listed twice")],
)
def test_bad_lists(text, match, tmp_path):
    (tmp_path / 'c.txt').write_text(text)
    with pytest.raises(ConversionError, match=match):
        read_class_file(tmp_path / 'c.txt')


def test_other_files_are_no_lists(tmp_path):
    texts = {
        'metadata.csv': 'image_id,split,sat_image_path,mask_path\n1,train,a.jpg,b.png\n2,train,c.jpg,d.png\n',
        'sceneCategories.txt': ''.join(f'ADE_{i} kitchen\n' for i in range(300)),
        'config.json': '{"lr": 0.1, "name": "run"}',
        'labels.txt': 'road\ncar\n',
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    found = find_class_files(tmp_path, [path.relative_to(tmp_path) for path in sorted(tmp_path.iterdir())])
    assert [file.path.name for file in found] == ['labels.txt']
