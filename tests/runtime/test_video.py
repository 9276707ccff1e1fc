import struct
import sys

import cv2
import numpy as np
import pytest

from mmseg_liteseg.benchmark.scenes import scene
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


@pytest.mark.parametrize(('suffix', 'codec'), [('.mp4', 'h264'), ('.webm', 'vp9')])
def test_videos_that_browsers_play(tmp_path, suffix, codec):
    av = pytest.importorskip('av')
    path = tmp_path / f'a{suffix}'
    with video_writer(path, 30000 / 1001) as add:
        for _ in range(3):
            add(blocks(47, 67))  # odd sides lose a row and a column
    with av.open(str(path)) as file:
        stream = file.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == (codec, 'yuv420p')
        assert float(stream.average_rate) == pytest.approx(29.97, abs=0.01)
        frames = [frame.to_ndarray(format='bgr24') for frame in file.decode(stream)]
    assert len(frames) == 3
    assert np.abs(frames[2].astype(int) - blocks(47, 67)[:46, :66]).mean() < 8


@pytest.mark.parametrize('suffix', ['.mp4', '.webm'])
def test_quick_encoders_keep_what_is_painted(tmp_path, suffix):
    av = pytest.importorskip('av')
    path = tmp_path / f'a{suffix}'
    pictures = [np.roll(scene(96, 160)[0], 2 * i, axis=1) for i in range(8)]
    with video_writer(path, 25) as add:
        for picture in pictures:
            add(picture)
    with av.open(str(path)) as file:
        frames = [frame.to_ndarray(format='bgr24') for frame in file.decode(video=0)]
    assert min(map(cv2.PSNR, frames, pictures)) > 28  # by the encoders' slow defaults 30.1 and 31.3
    if suffix == '.mp4':  # x264 writes its settings into the file; its default, medium, has 7
        assert b'subme=2' in path.read_bytes()


def test_opencv_writes_where_pyav_is_not_installed(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, 'av', None)
    with video_writer(tmp_path / 'a.mp4', 25.0) as add:
        add(blocks(48, 66))
    assert cv2.VideoCapture(str(tmp_path / 'a.mp4')).get(cv2.CAP_PROP_FRAME_COUNT) == 1


def test_absent_stream():
    with pytest.raises(DeployError, match=r'stream rtsp://127\.0\.0\.1:9/x: cannot be opened'):
        VideoReader(Video('rtsp://127.0.0.1:9/x', 'x'))


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


def test_a_video_that_says_that_it_is_turned(tmp_path):
    """As phones write them: frames lie, and the header says how to turn them."""
    path = tmp_path / 'a.mp4'
    with video_writer(path, 25.0) as add:
        for _ in range(3):
            add(blocks(48, 66))
    data = bytearray(path.read_bytes())
    matrix = data.find(b'tkhd') + 44  # after the version, times, number, duration and layer of the track
    data[matrix : matrix + 36] = struct.pack('>9i', 0, 1 << 16, 0, -1 << 16, 0, 0, 48 << 16, 0, 1 << 30)
    path.write_bytes(data)
    assert {frame.shape for frame in VideoReader(Video(path, 'a'))} == {(66, 48, 3)}
