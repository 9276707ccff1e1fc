import os

import cv2
import numpy as np
import pytest

from mmseg_liteseg.deploy.errors import DeployError
from mmseg_liteseg.runtime.inputs import Video, find_input


def test_folder_with_all_folders_in_it(photos, tmp_path):
    found = find_input(str(photos), tmp_path / 'out')
    assert [file.relative_to(photos).as_posix() for file in found.files] == ['a.png', 'b.JPG', 'deep/a.bmp']
    assert (found.root, found.single) == (photos, False)


def test_results_of_an_earlier_run_are_no_input(photos):
    out = photos / 'out'
    (out / 'masks').mkdir(parents=True)
    (out / 'masks/a.png').touch()
    assert len(find_input(str(photos), out).files) == 3
    with pytest.raises(DeployError, match='the folder of the pictures'):
        find_input(str(photos), photos / 'deep/..')


def test_single_files(photos, tmp_path):
    found = find_input(str(photos / 'b.JPG'), tmp_path)
    assert (found.files, found.root, found.single) == ((photos / 'b.JPG',), photos, True)
    (tmp_path / 'x.MP4').touch()
    assert find_input(str(tmp_path / 'x.MP4'), tmp_path) == Video(tmp_path / 'x.MP4', 'x')


def test_cameras(tmp_path, monkeypatch):
    for text in ('camera:2', '2'):
        camera = find_input(text, tmp_path)
        assert (camera.source, camera.name, camera.is_camera) == (2, 'camera2', True)
    monkeypatch.chdir(tmp_path)
    (tmp_path / '2').mkdir()
    with pytest.raises(DeployError, match='no picture in this folder'):  # a folder of that name wins
        find_input('2', tmp_path / 'out')


def test_what_only_looks_like_a_picture_is_listed_for_the_reader_to_name(photos, tmp_path):
    (photos / 'dangling.png').symlink_to('nowhere.png')
    (photos / 'loop.png').symlink_to('loop.png')
    os.mkfifo(photos / 'pipe.png')
    (photos / 'folder.png').mkdir()
    found = find_input(str(photos), tmp_path / 'out')
    names = [file.name for file in found.files if file.parent == photos]
    assert names == ['a.png', 'b.JPG', 'dangling.png', 'loop.png', 'pipe.png']


def test_all_endings_of_pictures(tmp_path):
    for name in ('a.jfif', 'b.gif', 'c.JPE', 'd.ppm', 'e.txt'):
        (tmp_path / name).touch()
    found = find_input(str(tmp_path), tmp_path / 'out')
    assert [file.name for file in found.files] == [
        'a.jfif',
        'b.gif',
        'c.JPE',
        'd.ppm',
    ]


def test_links_are_followed_and_never_in_circles(photos, tmp_path):
    (photos / 'deep/up').symlink_to(photos)
    (tmp_path / 'other').mkdir()
    cv2.imwrite(str(tmp_path / 'other/x.png'), np.zeros((2, 2), np.uint8))
    (photos / 'linked').symlink_to(tmp_path / 'other')
    found = find_input(str(photos), tmp_path / 'out')
    assert [file.relative_to(photos).as_posix() for file in found.files] == [
        'a.png',
        'b.JPG',
        'deep/a.bmp',
        'linked/x.png',
    ]


def test_a_folder_that_may_not_be_searched_is_a_problem_of_its_own(photos, tmp_path, monkeypatch):
    original = os.scandir

    def scan(path):
        if str(path).endswith('deep'):
            raise PermissionError(13, 'Permission denied', str(path))  # root may search everything
        return original(path)

    monkeypatch.setattr(os, 'scandir', scan)
    found = find_input(str(photos), tmp_path / 'out')
    assert len(found.files) == 2
    assert [line.endswith('deep: cannot be searched (Permission denied)') for line in found.problems] == [True]


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('gone.png', 'no such file or folder'),
        ('notes.txt', 'expected a folder, camera:NUMBER'),
        ('pipe.png', 'expected a file, found a pipe'),
        ('dangling.png', 'a link to nowhere, which is not there'),
    ],
)
def test_what_is_no_input(photos, tmp_path, text, message):
    os.mkfifo(photos / 'pipe.png')
    (photos / 'dangling.png').symlink_to('nowhere')
    with pytest.raises(DeployError, match=f'^input .*{text}: {message}'):
        find_input(str(photos / text), tmp_path)


@pytest.mark.parametrize(
    ('text', 'source', 'name'),
    [
        ('/dev/video2', 2, 'camera2'),
        ('rtsp://user:secret@10.0.0.7:554/live/1', 'rtsp://user:secret@10.0.0.7:554/live/1', '10_0_0_7_554_live_1'),
        ('https://host/a.m3u8', 'https://host/a.m3u8', 'host_a_m3u8'),
    ],
)
def test_cameras_and_streams(tmp_path, text, source, name):
    found = find_input(text, tmp_path)
    assert (found.source, found.name, found.is_camera) == (source, name, True)


@pytest.mark.parametrize('text', ['', ' '])
def test_nothing_is_not_the_current_folder(text, tmp_path):
    with pytest.raises(DeployError, match=r'^input: expected a path, .* got nothing'):
        find_input(text, tmp_path)
