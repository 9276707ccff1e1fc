import cv2
import numpy as np
import pytest

from mmseg_liteseg.deploy.errors import DeployError
from mmseg_liteseg.runtime.inputs import Video
from mmseg_liteseg.runtime.video import VideoReader, video_writer
from tests.runtime.conftest import blocks, write_video


def test_read(tmp_path):
    reader = VideoReader(Video(write_video(tmp_path / 'a.avi'), 'a'))
    assert (reader.frames, reader.fps) == (6, 12.5)
    frames = list(reader)
    reader.close()
    assert len(frames) == 6
    assert np.abs(frames[5].astype(int) - blocks(48, 66)).mean() < 5


@pytest.mark.parametrize('content', [b'', b'RIFF no video'])
def test_broken_files(tmp_path, content):
    path = tmp_path / 'a.avi'
    path.write_bytes(content)
    with pytest.raises(DeployError, match=r'video .*a\.avi: cannot be read'):
        VideoReader(Video(path, 'a'))


def test_absent_camera():
    with pytest.raises(DeployError, match='camera 97: cannot be opened'):
        VideoReader(Video(97, 'camera97'))


def test_write(tmp_path):
    path = tmp_path / 'new/a.avi'
    with video_writer(path, 7.0) as add:
        for _ in range(3):
            add(blocks(48, 66))
        assert not path.exists()
    capture = cv2.VideoCapture(str(path))
    assert capture.get(cv2.CAP_PROP_FPS) == 7
    assert capture.read()[1].shape == (48, 66, 3)
    assert [file.name for file in path.parent.iterdir()] == ['a.avi']


def fail(path, *sizes, error=None):
    with video_writer(path, 7.0) as add:
        for size in sizes:
            add(blocks(*size))
        if error:
            raise error


def test_failures_leave_nothing(tmp_path):
    with pytest.raises(DeployError, match=r'size of the frames changes from \(48, 66\) to \(48, 64\)'):
        fail(tmp_path / 'a.avi', (48, 66), (48, 64))
    with pytest.raises(KeyboardInterrupt):
        fail(tmp_path / 'a.avi', (48, 66), error=KeyboardInterrupt())
    with pytest.raises(DeployError, match='no video came out'):
        fail(tmp_path / 'a.avi')
    with pytest.raises(DeployError, match='cannot write such a video'):
        fail(tmp_path / 'a.nope', (48, 66))
    assert list(tmp_path.iterdir()) == []
