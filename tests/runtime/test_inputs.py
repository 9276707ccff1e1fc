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


@pytest.mark.parametrize(
    ('text', 'message'), [('gone.png', 'no such file or folder'), ('notes.txt', 'expected a folder, camera:NUMBER')]
)
def test_what_is_no_input(photos, tmp_path, text, message):
    with pytest.raises(DeployError, match=f'^input .*{text}: {message}'):
        find_input(str(photos / text), tmp_path)
