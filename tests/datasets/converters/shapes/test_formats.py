"""Every annotation format: what its tool writes comes out as the label image that was drawn."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest
from PIL import Image

from mmseg_liteseg.datasets.converters import ConversionError
from mmseg_liteseg.datasets.converters.layouts import walk
from mmseg_liteseg.datasets.converters.shapes import draw, find_shapes
from mmseg_liteseg.datasets.converters.shapes.label_studio import unpack
from mmseg_liteseg.datasets.converters.shapes.yolo import is_yolo

SIZE = (20, 30)


def square(x1, y1, x2, y2):
    """Truth of a polygon with these corners: both ends are drawn."""
    truth = np.zeros(SIZE, np.uint8)
    truth[y1 : y2 + 1, x1 : x2 + 1] = 1
    return truth


SQUARE = square(4, 3, 14, 11)
CORNERS = [(4, 3), (14, 3), (14, 11), (4, 11)]


@pytest.fixture
def root(tmp_path):
    (tmp_path / 'images').mkdir()
    for name in ('a.jpg', 'b.jpg'):
        Image.new('RGB', SIZE[::-1]).save(tmp_path / 'images' / name)
    return tmp_path


def read(root, file, content):
    """Label images by the image's name, and the classes."""
    (root / file).parent.mkdir(exist_ok=True)
    (root / file).write_text(content if isinstance(content, str) else json.dumps(content))
    shapes = find_shapes(walk(root))
    drawn = {one.image.name: draw(one, one.size or SIZE, shapes.labels) for one in shapes.annotations}
    return drawn, shapes.classes, shapes.notes


def via_region(shape, **attributes):
    return dict(shape_attributes=shape, region_attributes=attributes)


VIA_SQUARE = dict(name='polygon', all_points_x=[x for x, _ in CORNERS], all_points_y=[y for _, y in CORNERS])


def via_file(*regions, name='a.jpg', numbered=False):
    regions = {str(i): region for i, region in enumerate(regions)} if numbered else list(regions)
    return {f'{name}123': dict(filename=name, size=123, regions=regions, file_attributes={})}


class TestVia:
    @pytest.mark.parametrize('numbered', [False, True], ids=['version 2', 'version 1'])
    @pytest.mark.parametrize('project', [False, True])
    def test_polygons(self, root, numbered, project):
        tree = {**via_file(via_region(VIA_SQUARE, kind='leaf'), numbered=numbered), **via_file(name='b.jpg')}
        drawn, classes, _ = read(
            root, 'via.json', {'_via_img_metadata': tree, '_via_settings': {}} if project else tree
        )
        assert classes == ['background', 'leaf']
        assert (drawn['a.jpg'] == SQUARE).all()
        assert not drawn['b.jpg'].any()

    def test_table(self, root):
        stream = io.StringIO()
        rows = csv.writer(stream)
        head = 'filename file_size file_attributes region_count region_id region_shape_attributes region_attributes'
        rows.writerow(head.split())
        rows.writerow(['a.jpg', 9, '{}', 1, 0, json.dumps(VIA_SQUARE), json.dumps(dict(kind='leaf'))])
        rows.writerow(['b.jpg', 9, '{}', 0, 0, '{}', '{}'])
        drawn, _, _ = read(root, 'via.csv', stream.getvalue())
        assert (drawn['a.jpg'] == SQUARE).all()
        assert set(drawn) == {'a.jpg', 'b.jpg'}

    @pytest.mark.parametrize(
        ('shape', 'area'),
        [
            (dict(name='rect', x=4, y=3, width=10, height=8), 99),
            (dict(name='circle', cx=12, cy=9, r=6), np.pi * 36),
            (dict(name='ellipse', cx=14, cy=9, rx=8, ry=4, theta=0.3), np.pi * 32),
        ],
    )
    def test_other_shapes(self, root, shape, area):
        drawn, _, _ = read(root, 'via.json', via_file(via_region(shape, kind='leaf')))
        assert drawn['a.jpg'].sum() == pytest.approx(area, rel=0.3)

    @pytest.mark.parametrize(
        ('attributes', 'name'),
        [
            (dict(label='leaf', quality='good'), 'leaf'),
            (dict(kind=dict(leaf=True, stem=False)), 'leaf'),
            ({}, 'object'),
        ],
    )
    def test_the_attribute_that_is_the_class(self, root, attributes, name):
        assert read(root, 'via.json', via_file(via_region(VIA_SQUARE, **attributes)))[1] == ['background', name]

    def test_several_attributes_are_not_guessed_at(self, root):
        with pytest.raises(ConversionError, match=r'attributes colour, species; expected one'):
            read(root, 'via.json', via_file(via_region(VIA_SQUARE, species='oak', colour='green')))


def cvat(*parts, subset=''):
    inner = ''.join(parts)
    image = f'<image id="0" name="a.jpg" {subset} width="30" height="20">{inner}</image>'
    return f'<annotations><version>1.1</version>{image}</annotations>'


POINTS = ';'.join(f'{x},{y}' for x, y in CORNERS)


class TestCvat:
    def test_polygons_by_their_order(self, root):
        low = f'<polygon label="road" points="{POINTS}" z_order="0"/>'
        high = '<polygon label="car" points="4,3;8,3;8,11;4,11" z_order="1"/>'
        drawn, classes, _ = read(root, 'annotations.xml', cvat(high, low))
        assert classes == ['background', 'car', 'road']
        assert (drawn['a.jpg'] == np.where(square(4, 3, 8, 11), 1, SQUARE * 2)).all()

    def test_masks_and_ellipses(self, root):
        mask = '<mask label="car" rle="3, 2, 1" left="5" top="7" width="3" height="2"/>'
        drawn, _, _ = read(root, 'annotations.xml', cvat(mask))
        assert np.argwhere(drawn['a.jpg']).tolist() == [[8, 5], [8, 6]]
        drawn, _, _ = read(root, 'annotations.xml', cvat('<ellipse label="car" cx="14" cy="9" rx="8" ry="4"/>'))
        assert drawn['a.jpg'].sum() == pytest.approx(np.pi * 32, rel=0.3)

    def test_subset_is_the_split(self, root):
        (root / 'annotations.xml').write_text(
            cvat(f'<polygon label="x" points="{POINTS}"/>', subset='subset="Validation"')
        )
        assert find_shapes(walk(root)).annotations[0].split == 'val'

    @pytest.mark.parametrize(
        ('text', 'match'),
        [
            ('<annotations><track id="0" label="car"/></annotations>', 'tracks of a video'),
            (cvat('<box label="car" xtl="1" ytl="1" xbr="5" ybr="5"/>'), 'have boxes only'),
            (cvat('<skeleton label="car"/>'), "has a 'skeleton'; expected one of polygon"),
            (cvat('<polygon label="car" points="1,2;x"/>'), r'a polygon of a\.jpg cannot be read'),
            (cvat('<mask label="car" rle="3, 9" left="5" top="7" width="3" height="2"/>'), '12 pixels for 3 x 2'),
            (cvat('').replace('a.jpg', 'gone.jpg'), r'none of the images .* \(such as gone\.jpg\)'),
        ],
    )
    def test_what_is_not_understood_is_named(self, root, text, match):
        with pytest.raises(ConversionError, match=match):
            read(root, 'annotations.xml', text)


def test_panoptic(root):
    """Ids of segments in colours; two segments of one class are one; what has no id is background."""
    ids = np.zeros((*SIZE, 3), np.uint8)
    ids[:5, :, 0] = 7
    ids[5:8] = (3, 2, 1)
    ids[8:10, :, 2] = 1
    (root / 'panoptic_train').mkdir()
    Image.fromarray(ids).save(root / 'panoptic_train/a.png')
    segments = [dict(id=7, category_id=1), dict(id=3 + 512 + 65536, category_id=2), dict(id=65536, category_id=1)]
    tree = dict(
        images=[dict(id=5, file_name='a.jpg', height=20, width=30)],
        annotations=[dict(image_id=5, file_name='a.png', segments_info=segments)],
        categories=[dict(id=1, name='sky'), dict(id=2, name='car')],
    )
    drawn, classes, _ = read(root, 'annotations/panoptic_train.json', tree)
    assert classes == ['background', 'car', 'sky']
    assert drawn['a.jpg'][:, 0].tolist() == [2] * 5 + [1] * 3 + [2] * 2 + [0] * 10
    tree['annotations'][0]['segments_info'][0]['category_id'] = 9
    with pytest.raises(ConversionError, match='category 9 of a segment is not among categories'):
        read(root, 'annotations/panoptic_train.json', tree)


def pack(values):
    """Packs bytes as Label Studio does, one run per value or run of equals."""
    bits = f'{len(values):032b}' + f'{7:05b}' + ''.join(f'{size - 1:04b}' for size in (3, 4, 8, 16))
    i = 0
    while i < len(values):
        end = i
        while end < len(values) and values[end] == values[i] and end - i < 65536:
            end += 1
        if end - i > 1:
            bits += '1' + '11' + f'{end - i - 1:016b}' + f'{values[i]:08b}'
        else:  # two different ones, or the last, as they are
            end = min(i + 2, len(values))
            bits += '0' + '00' + f'{end - i - 1:03b}' + ''.join(f'{value:08b}' for value in values[i:end])
        i = end
    bits += '0' * (-len(bits) % 8)
    return [int(bits[k : k + 8], 2) for k in range(0, len(bits), 8)]


def studio(value, kind='polygonlabels', image='/data/upload/1/0123abcd-a.jpg', **task):
    region = dict(type=kind, value=value, original_width=30, original_height=20)
    return [dict(data=dict(image=image), annotations=[dict(result=[region])], **task)]


class TestLabelStudio:
    @pytest.mark.parametrize(
        'image', ['/data/upload/1/0123abcd-a.jpg', '/data/local-files/?d=images/a.jpg', 's3://x/a.jpg']
    )
    def test_polygons(self, root, image):
        points = [[x / 30 * 100, y / 20 * 100] for x, y in CORNERS]
        drawn, classes, _ = read(root, 'project.json', studio(dict(points=points, polygonlabels=['leaf']), image=image))
        assert classes == ['background', 'leaf']
        assert (drawn['a.jpg'] == SQUARE).all()

    def test_brush(self, root):
        rgba = np.repeat(SQUARE.ravel() * 255, 4).tolist()
        value = dict(format='rle', rle=pack(rgba), brushlabels=['leaf'])
        drawn, _, _ = read(root, 'project.json', studio(value, 'brushlabels'))
        assert (drawn['a.jpg'] == SQUARE).all()

    def test_brush_with_every_kind_of_run(self):
        values = np.random.default_rng(0).choice([0, 0, 0, 255], SIZE[0] * SIZE[1] * 4).tolist()
        assert (unpack(pack(values), SIZE) == (np.reshape(values, (*SIZE, 4))[..., 3] > 0)).all()

    def test_turned_rectangles_and_ellipses(self, root):
        value = dict(x=50, y=20, width=20, height=30, rotation=90, rectanglelabels=['leaf'])
        drawn, _, _ = read(root, 'project.json', studio(value, 'rectanglelabels'))
        assert (drawn['a.jpg'] == square(9, 4, 15, 10)).all()
        value = dict(x=50, y=50, radiusX=20, radiusY=20, ellipselabels=['leaf'])
        drawn, _, _ = read(root, 'project.json', studio(value, 'ellipselabels'))
        assert drawn['a.jpg'].sum() == pytest.approx(np.pi * 24, rel=0.3)

    @pytest.mark.parametrize(
        ('tasks', 'match'),
        [
            (studio(dict(points=[[1, 2]] * 3, polygonlabels=['a', 'b'])), 'expected one'),
            (studio(dict(format='rle', rle=[1, 2], brushlabels=['a']), 'brushlabels'), 'ends too early'),
            (studio(dict(points=[[1, 2]] * 3, polygonlabels=['a']), image='gone.jpg'), r'such as gone\.jpg'),
        ],
    )
    def test_what_is_not_understood_is_named(self, root, tasks, match):
        with pytest.raises(ConversionError, match=match):
            read(root, 'project.json', tasks)


def test_labelme_rotated_boxes(root):
    shape = dict(label='leaf', shape_type='rotation', points=CORNERS, group_id=3)
    tree = dict(shapes=[shape], imagePath='a.jpg', imageHeight=20, imageWidth=30)
    drawn, _, _ = read(root, 'images/a.json', tree)
    assert (drawn['a.jpg'] == SQUARE).all()


def test_pascal_voc_boxes_are_no_shapes(root):
    (root / 'a.xml').write_text('<annotation><filename>a.jpg</filename><object><name>cat</name></object></annotation>')
    assert find_shapes(walk(root)) is None


OUTLINE = [coordinate for corner in CORNERS for coordinate in corner]
COCO = dict(
    images=[dict(id=1, file_name='a.jpg', height=20, width=30)],
    categories=[dict(id=1, name='leaf')],
    annotations=[dict(image_id=1, category_id=1, segmentation=[OUTLINE])],
)
LABELME = dict(shapes=[dict(label='leaf', points=CORNERS)], imagePath='a.jpg', imageHeight=20, imageWidth=30)
SUPERVISELY = dict(size=dict(height=20, width=30), objects=[])


@pytest.mark.parametrize(
    ('file', 'content', 'reason'),
    [
        ('all.json', dict(COCO, images=[dict(id=1, file_name='a.jpg', width=30)]), "an entry lacks 'height'"),
        ('all.json', dict(COCO, images=[dict(file_name='a.jpg', height=20, width=30)]), "an entry lacks 'id'"),
        ('all.json', dict(COCO, images=['a.jpg']), 'has no attribute'),
        ('all.json', dict(COCO, annotations=[dict(COCO['annotations'][0], area='large')]), 'could not convert'),
        ('images/a.json', dict(LABELME, shapes=[7]), 'has no attribute'),
        ('images/a.jpg.json', dict(SUPERVISELY, size=dict(height=20)), "an entry lacks 'width'"),
        ('images/a.jpg.json', dict(SUPERVISELY, size=dict(height='?', width=30)), 'invalid literal'),
    ],
)
def test_an_entry_that_is_not_as_its_format_has_it_is_one_line(root, file, content, reason):
    """What a script or a hand left out or changed, in fields that the tools always write."""
    with pytest.raises(ConversionError, match=rf'{file}: not as \w+ writes it \(.*{reason}.*export it anew$'):
        read(root, file, content)


def test_words_that_are_numbers_to_python_are_no_outlines():
    assert not is_yolo(['nan 0.1 0.1 0.5 0.1 0.5 0.9'])
    assert not is_yolo(['inf 0.1 0.1 0.5 0.1 0.5 0.9'])
