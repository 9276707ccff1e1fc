from pathlib import Path

import cv2
import numpy as np
import pytest

from mmseg_liteseg.deploy.errors import DeployError
from mmseg_liteseg.deploy.metadata import Interface, Metadata
from mmseg_liteseg.runtime.inputs import Pictures, Video, find_input
from mmseg_liteseg.runtime.outputs import choose_outputs, for_model, name_outputs, write_masks, write_picture

ONE = Pictures(Path('in'), (Path('in/a.jpg'),), single=True)
FOLDER = Pictures(Path('in'), (Path('in/a.jpg'),))
VIDEO = Video(Path('v.avi'), 'v')


@pytest.mark.parametrize(
    ('found', 'out', 'asked', 'expected'),
    [
        (ONE, 'out', '', ['out/masks/a.png', 'out/overlays/a.jpg']),
        (ONE, 'out', 'm', ['out/masks/a.png']),
        (ONE, 'x.png', '', ['x.png']),
        (ONE, 'x.png', 'm', ['x.png']),
        (FOLDER, 'x.y', 'o', ['x.y/overlays/a.jpg']),
    ],
)
def test_names(tmp_path, found, out, asked, expected):
    outputs = choose_outputs(tmp_path / out, found, 'm' in asked, 'o' in asked)
    assert outputs.of(Path('a')) == [tmp_path / name for name in expected]


def multi_label(output='labels'):
    interface = Interface(
        'NCHW', 'float32', 'rgb', (0.0,) * 3, (1.0,) * 3, None, None, output, threshold=0.5, multi_label=True
    )
    return Metadata(interface, ('wet', 'road/lane'), ((0, 0, 0), (9, 9, 9)))


def test_a_folder_per_class(tmp_path):
    outputs = for_model(choose_outputs(tmp_path, FOLDER, True, False), multi_label())
    names = [tmp_path / 'masks/wet/b/a.png', tmp_path / 'masks/road_lane/b/a.png']
    assert outputs.of(Path('b/a')) == names
    masks = np.array([[[0, 1]], [[1, 1]]], np.uint8)
    write_masks(outputs, Path('b/a'), masks)
    for name, mask in zip(names, masks):
        assert (cv2.imread(str(name), cv2.IMREAD_UNCHANGED) == mask * 255).all()


def test_exception_one_file_for_several_masks(tmp_path):
    outputs = choose_outputs(tmp_path / 'x.png', ONE, True, False)
    with pytest.raises(DeployError, match='gives a mask for each class, name a folder'):
        for_model(outputs, multi_label())


def test_defaults(tmp_path):
    kinds = {
        name: choose_outputs(tmp_path / out, found, False, False)
        for name, found, out in (('folder', FOLDER, 'o'), ('file', ONE, 'x.jpg'), ('video', VIDEO, 'o'))
    }
    assert {name: (kind.mask, kind.overlay) for name, kind in kinds.items()} == dict(
        folder=(True, True), file=(False, True), video=(False, True)
    )


@pytest.mark.parametrize(
    ('found', 'out', 'mask', 'overlay', 'message'),
    [
        (ONE, 'x.png', True, True, 'one file cannot hold'),
        (ONE, 'x.jpg', True, False, 'must be a .png'),
        (VIDEO, 'x.mp4', True, False, 'a PNG per frame'),
        (FOLDER, 'file', False, False, 'expected a folder, found a file'),
        (FOLDER, 'x.png', False, False, 'for several pictures expected a folder'),
        (ONE, 'x.gif', False, False, r'expected a folder, or a file with one of \.png'),
        (VIDEO, 'x.gif', False, False, r'expected a folder, or a file with one of \.mp4'),
        (ONE, 'x.mp4', False, False, r'expected a folder, or a file with one of \.png'),
    ],
)
def test_what_does_not_go_together(tmp_path, found, out, mask, overlay, message):
    (tmp_path / 'file').touch()
    with pytest.raises(DeployError, match=f'^out .*{message}'):
        choose_outputs(tmp_path / out, found, mask, overlay)


def test_inputs_are_not_replaced(photos, tmp_path):
    single = find_input(str(photos / 'a.png'), tmp_path)
    with pytest.raises(DeployError, match='this is an input'):
        name_outputs(choose_outputs(photos / 'a.png', single, False, False), single)
    (tmp_path / 'link.png').symlink_to(photos / 'a.png')
    with pytest.raises(DeployError, match='this is an input'):
        name_outputs(choose_outputs(tmp_path / 'link.png', single, False, False), single)
    photos.rename(tmp_path / 'masks')
    folder = find_input(str(tmp_path / 'masks'), tmp_path / 'x')
    with pytest.raises(DeployError, match=r'masks.a\.png: this is an input'):
        name_outputs(choose_outputs(tmp_path, folder, True, False), folder)


def test_two_inputs_of_one_name(photos, tmp_path):
    cv2.imwrite(str(photos / 'a.jpg'), np.zeros((4, 4, 3), np.uint8))
    found = find_input(str(photos), tmp_path / 'out')
    outputs = choose_outputs(tmp_path / 'out', found, True, False)
    masks = {
        file.name: outputs.mask_of(name).relative_to(tmp_path / 'out/masks').as_posix()
        for file, name in name_outputs(outputs, found).items()
        if file.parent == photos
    }
    assert masks == {'a.jpg': 'a.jpg.png', 'a.png': 'a.png.png', 'b.JPG': 'b.png'}


def test_an_existing_folder_may_have_any_name(tmp_path):
    (tmp_path / 'x.gif').mkdir()
    assert not choose_outputs(tmp_path / 'x.gif', VIDEO, False, False).is_file


def test_labels_survive_writing(tmp_path):
    labels = np.arange(300, dtype=np.uint16).reshape(10, 30)
    write_picture(tmp_path / 'deep/x.png', labels)
    assert np.array_equal(cv2.imread(str(tmp_path / 'deep/x.png'), cv2.IMREAD_UNCHANGED), labels)
    assert [file.name for file in (tmp_path / 'deep').iterdir()] == ['x.png']


def test_formats_that_opencv_does_not_know(tmp_path):
    with pytest.raises(DeployError, match='cannot write'):
        write_picture(tmp_path / 'x.nope', np.zeros((4, 4), np.uint8))
    assert list(tmp_path.iterdir()) == []
