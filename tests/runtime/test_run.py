import warnings
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmseg_liteseg.deploy.errors import DeployError
from mmseg_liteseg.runtime import outputs, run, video
from mmseg_liteseg.runtime.inputs import Video, find_input
from mmseg_liteseg.runtime.outputs import choose_outputs
from tests.runtime.conftest import blocks, greatest, write_video


def files_of(folder):
    return sorted(file.relative_to(folder).as_posix() for file in folder.rglob('*') if file.is_file())


def run_folder(made, photos, out):
    found = find_input(str(photos), out)
    return run.run_pictures(made, found, choose_outputs(out, found, False, False), 0.5)


def test_folder(segmenter, photos, tmp_path):
    made, out = segmenter(options=dict(batch=2)), tmp_path / 'out'
    progress, failures = run_folder(made, photos, out)
    assert (progress.done, failures) == (3, [])
    names = ['a', 'b', 'deep/a']
    assert files_of(out) == [f'masks/{name}.png' for name in names] + [f'overlays/{name}.jpg' for name in names]
    assert [len(x) for x in made.stub.inputs] == [2, 1]
    expected = greatest(blocks(12, 18))
    for name in names:
        assert np.array_equal(cv2.imread(str(out / f'masks/{name}.png'), cv2.IMREAD_UNCHANGED), expected)
    painted = cv2.imread(str(out / 'overlays/a.jpg'))
    assert np.abs(painted[6, 2].astype(int) - (0, 0, 200)).max() < 30  # red on red


def test_unreadable_pictures_are_left_out(segmenter, photos, tmp_path):
    (photos / 'x.png').write_text('broken')
    (photos / 'c.png').touch()
    progress, failures = run_folder(segmenter(), photos, tmp_path / 'out')
    assert progress.done == 3
    assert [line.split(': ')[0][-5:] for line in failures] == ['c.png', 'x.png']


def fails_on(width):
    """A model with too little memory for pictures of a width."""

    def run(x):
        if x.shape[3] == width:
            raise MemoryError
        return x.argmax(1).astype(np.uint8)

    return run


@pytest.mark.parametrize('batch', [1, 4])
def test_a_picture_that_the_model_fails_on_is_left_out(segmenter, photos, tmp_path, batch):
    cv2.imwrite(str(photos / 'large.png'), blocks(12, 40))
    progress, failures = run_folder(segmenter(fails_on(40), dict(batch=batch)), photos, tmp_path / 'out')
    assert progress.done == 3
    assert [('large.png' in line, 'it failed on an input' in line) for line in failures] == [(True, True)]


def test_pictures_that_only_fail_together_have_another_try(segmenter, photos, tmp_path):
    def run(x):
        if len(x) > 1:
            raise MemoryError
        return x.argmax(1).astype(np.uint8)

    progress, failures = run_folder(segmenter(run, dict(batch=3)), photos, tmp_path / 'out')
    assert (progress.done, failures) == (3, [])


@pytest.mark.parametrize('kind', ['file', 'model'])
def test_strict_stops_at_the_first(segmenter, photos, tmp_path, kind):
    if kind == 'file':
        (photos / 'aa.png').write_text('broken')
    else:
        cv2.imwrite(str(photos / 'aa.png'), blocks(12, 40))
    found, out = find_input(str(photos), tmp_path / 'out'), tmp_path / 'out'
    made = segmenter(fails_on(40), dict(batch=1))
    with pytest.raises(DeployError, match=r'aa\.png: .*; 1 of 4 pictures were done before$'):
        run.run_pictures(made, found, choose_outputs(out, found, False, False), 0.5, strict=True)


def test_names_of_all_kinds(segmenter, tmp_path):
    """Non-ASCII, a line break, and as many bytes as a file system takes."""
    folder = tmp_path / 'photos'
    folder.mkdir()
    names = ['größe 写真.png', 'two\nlines.png', 'x' * 251 + '.png', 'y' * 250 + '.jpeg', 'z' * 251 + '.png']
    for name in names:
        (folder / name).write_bytes(cv2.imencode('.png', blocks(4, 6))[1].tobytes())
    (folder / names[0]).write_text('broken')
    (folder / names[1]).write_text('broken')
    progress, failures = run_folder(segmenter(), folder, tmp_path / 'out')
    assert progress.done == 3
    assert len(files_of(tmp_path / 'out')) == 6
    assert ['größe 写真.png' in failures[0], r'two\nlines.png' in failures[1]] == [True, True]
    assert not any('\n' in line for line in failures)


def test_a_full_disk_ends_it_and_says_what_is_done(segmenter, photos, tmp_path, monkeypatch):
    written = []

    def write(path, picture):
        if len(written) == 3:
            raise OSError(28, 'No space left on device', str(path))
        written.append(path)

    for module in (run, outputs):
        monkeypatch.setattr(module, 'write_picture', write)
    with pytest.raises(DeployError, match=r'b\.JPG: .*No space left on device.*; 1 of 3 pictures were done'):
        run_folder(segmenter(), photos, tmp_path / 'out')


def test_a_name_that_cannot_be_written_does_not_end_it(segmenter, photos, tmp_path, monkeypatch):
    original = run.write_picture

    def write(path, picture):
        if path.stem == 'b':
            raise OSError(36, 'File name too long', str(path))
        original(path, picture)

    for module in (run, outputs):
        monkeypatch.setattr(module, 'write_picture', write)
    progress, failures = run_folder(segmenter(), photos, tmp_path / 'out')
    assert progress.done == 2
    assert [line.split('b.JPG')[1] for line in failures] == [': its results cannot be written (File name too long)']


def run_one(made, source, out, mask=False, overlay=False, limit=None):
    return run.run_video(made, source, choose_outputs(out, source, mask, overlay), 0.5, limit)


def test_video(segmenter, tmp_path):
    source = Video(write_video(tmp_path / 'v.avi'), 'v')
    out = tmp_path / 'out'
    progress, failures = run_one(segmenter(options=dict(batch=4)), source, out, True, True)
    assert (progress.done, failures) == (6, [])
    assert files_of(out) == [*(f'masks/v/{i:06}.png' for i in range(6)), 'overlays/v.mp4']
    reader = video.VideoReader(Video(out / 'overlays/v.mp4', 'v'))
    assert reader.fps == 12.5
    assert len(list(reader)) == 6
    mask = cv2.imread(str(out / 'masks/v/000005.png'), cv2.IMREAD_UNCHANGED)
    assert np.mean(mask == greatest(blocks(48, 66))) > 0.9


TIMES = [0, 0.04, 0.3, 1.0, 1.5, 3.0]


def uneven_video(path):
    """As phones and screen recorders write them."""
    pytest.importorskip('av')
    with video.video_writer(path, 25.0) as add:
        for seconds in TIMES:
            add(blocks(48, 66), seconds)
    return path


@pytest.mark.parametrize(('suffix', 'batch'), [('.mp4', 1), ('.webm', 4)])
def test_uneven_times_are_kept(segmenter, tmp_path, suffix, batch):
    source, out = Video(uneven_video(tmp_path / 'v.mp4'), 'v'), tmp_path / f'out{suffix}'
    progress, failures = run_one(segmenter(options=dict(batch=batch)), source, out)
    assert (progress.done, failures) == (6, [])
    found = [seconds for _, seconds in video.VideoReader(Video(out, 'x')).timed()]
    assert found == pytest.approx(TIMES, abs=2e-3)  # .webm counts in milliseconds


def test_a_constant_rate_says_where_it_is_wrong(segmenter, tmp_path):
    source = Video(uneven_video(tmp_path / 'v.mp4'), 'v')
    with pytest.warns(UserWarning, match=r'out\.avi: its frames came at uneven times, up to 1\.9 s from'):
        run_one(segmenter(), source, tmp_path / 'out.avi')
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        run_one(segmenter(), Video(write_video(tmp_path / 'w.avi'), 'w'), tmp_path / 'even.avi')


def test_so_many_frames(segmenter, tmp_path):
    source = Video(write_video(tmp_path / 'v.avi'), 'v')
    progress, failures = run_one(segmenter(), source, tmp_path / 'out', mask=True, limit=2)
    assert (progress.done, progress.total, failures) == (2, 2, [])
    assert files_of(tmp_path / 'out') == ['masks/v/000000.png', 'masks/v/000001.png']


def test_a_video_that_ends_early_is_named(segmenter, tmp_path, monkeypatch):
    source = Video(write_video(tmp_path / 'v.avi'), 'v')
    original = video.VideoReader.timed
    monkeypatch.setattr(video.VideoReader, 'timed', lambda self: (f for _, f in zip(range(4), original(self))))
    progress, failures = run_one(segmenter(), source, tmp_path / 'out')
    assert progress.done == 4
    assert failures == [f'video {source.source}: ends after 4 of 6 frames, it may be truncated']
    assert files_of(tmp_path / 'out') == ['overlays/v.mp4']


def test_a_video_is_not_its_own_output(segmenter, tmp_path):
    path = write_video(tmp_path / 'v.avi')
    content = path.read_bytes()
    with pytest.raises(DeployError, match='this is the input'):
        run_one(segmenter(), Video(path, 'v'), path)
    assert path.read_bytes() == content


class Camera:
    """Frames until someone presses Ctrl-C."""

    def __init__(self, frames):
        self.frames, self.released = frames, False

    def isOpened(self):
        return True

    def get(self, name):
        return 0.0 if name == cv2.CAP_PROP_FPS else -1.0

    def read(self):
        if not self.frames:
            raise KeyboardInterrupt
        self.frames -= 1
        return True, blocks(48, 66)

    def release(self):
        self.released = True


def interrupted(monkeypatch, segmenter, source, out, frames):
    camera, original = Camera(frames), cv2.VideoCapture
    monkeypatch.setattr(cv2, 'VideoCapture', lambda name: camera if name in (0, 'v.avi') else original(name))
    try:
        return run_one(segmenter(options=dict(batch=1)), source, out)
    finally:
        assert camera.released


def test_ctrl_c_ends_a_camera_and_keeps_its_video(segmenter, tmp_path, monkeypatch):
    progress, failures = interrupted(monkeypatch, segmenter, Video(0, 'camera0'), tmp_path, 5)
    assert 1 <= progress.done <= 5  # frames that come while the network is busy are left out
    assert (progress.total, failures) == (None, [])
    assert files_of(tmp_path) == ['overlays/camera0.mp4', 'stub.onnx']
    reader = video.VideoReader(Video(tmp_path / 'overlays/camera0.mp4', 'x'))
    times = [seconds for _, seconds in reader.timed()]
    assert len(times) == progress.done
    assert times[-1] < 5  # as the clock had them


def test_ctrl_c_ends_a_video_with_what_is_done(segmenter, tmp_path, monkeypatch):
    progress, failures = interrupted(monkeypatch, segmenter, Video(Path('v.avi'), 'v'), tmp_path, 5)
    assert progress.done == 5
    assert failures == ['video v.avi: stopped after 5 of unknown frames']
    assert len(list(video.VideoReader(Video(tmp_path / 'overlays/v.mp4', 'x')))) == 5


def test_ctrl_c_before_the_first_frame_leaves_nothing(segmenter, tmp_path, monkeypatch):
    with pytest.raises(KeyboardInterrupt):
        interrupted(monkeypatch, segmenter, Video(0, 'camera0'), tmp_path, 0)
    assert files_of(tmp_path) == ['stub.onnx']


def test_a_model_that_fails_ends_the_video(segmenter, tmp_path):
    def fail(x):
        raise RuntimeError('out of memory')

    source = Video(write_video(tmp_path / 'v.avi'), 'v')
    with pytest.raises(DeployError, match='out of memory'):
        run_one(segmenter(fail), source, tmp_path / 'out')
    assert files_of(tmp_path / 'out') == []


def test_times_of_the_stages(segmenter, tmp_path):
    source, lines = Video(write_video(tmp_path / 'v.avi'), 'v'), []
    made = segmenter()
    run.run_video(made, source, choose_outputs(tmp_path / 'out', source, True, True), 0.5, None, lines.append)
    (table,) = lines
    names = [line[:12].strip() for line in table.splitlines()[1:]]
    assert sorted(names) == ['label map', 'network', 'paint', 'read', 'resize', 'write']


@pytest.mark.parametrize(('streams', 'fails'), [(1, False), (2, False), (2, True)])
def test_opencv_keeps_to_the_stages_threads_where_the_network_has_all_cores(segmenter, tmp_path, streams, fails):
    source, seen, before = Video(write_video(tmp_path / 'v.avi'), 'v'), [], cv2.getNumThreads()

    def look(x):
        seen.append(cv2.getNumThreads())
        if fails:
            raise RuntimeError('out of memory')
        return x.argmax(1).astype(np.uint8)

    made = segmenter(look, options=dict(streams=streams))
    cv2.setNumThreads(3)
    try:
        if fails:
            with pytest.raises(DeployError, match='out of memory'):
                run_one(made, source, tmp_path / 'out')
        else:
            run_one(made, source, tmp_path / 'out')
        assert cv2.getNumThreads() == 3
        assert set(seen) == {1 if streams > 1 else 3}
    finally:
        cv2.setNumThreads(before)
