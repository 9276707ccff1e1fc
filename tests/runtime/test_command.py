"""The command line, in this process around a stub."""

import json

import cv2
import numpy as np
import pytest
from PIL import Image

from mmseg_liteseg.runtime import command, run
from mmseg_liteseg.runtime.command import main
from tests.runtime.conftest import INTERFACE, PALETTE, blocks, write_video


def test_folder(stub, photos, tmp_path, capsys):
    model = stub().path
    main([str(model), '--input', str(photos), '--out', str(tmp_path / 'out'), '--mask', '--threads', '2'])
    assert sorted(path.name for path in (tmp_path / 'out').iterdir()) == ['masks']
    assert capsys.readouterr().out.startswith('3 pictures in stub 1.0, ')


def test_one_picture_and_a_video(stub, photos, tmp_path):
    model = str(stub().path)
    main([model, '--input', str(photos / 'a.png'), '--out', str(tmp_path / 'a.jpg'), '--alpha', '0.3'])
    assert cv2.imread(str(tmp_path / 'a.jpg')).shape == (12, 18, 3)
    video = write_video(tmp_path / 'v.avi')
    main([model, '--input', str(video), '--out', str(tmp_path / 'w.avi'), '--frames', '3', '--batch', '2'])
    assert cv2.VideoCapture(str(tmp_path / 'w.avi')).get(cv2.CAP_PROP_FRAME_COUNT) == 3


def test_kinds_of_masks(stub, photos, tmp_path):
    model = str(stub(output='scores').path)
    base = [model, '--input', str(photos / 'a.png'), '--mask']
    for kind in ('labels', 'palette', 'colors'):
        main([*base, '--out', str(tmp_path / f'{kind}.png'), '--mask-kind', kind])
    labels = cv2.imread(str(tmp_path / 'labels.png'), cv2.IMREAD_UNCHANGED)
    with Image.open(tmp_path / 'palette.png') as picture:
        assert np.array_equal(np.asarray(picture), labels)
        assert np.array_equal(np.asarray(picture.convert('RGB')), np.uint8(PALETTE)[labels])
    assert np.array_equal(cv2.imread(str(tmp_path / 'colors.png'))[..., ::-1], np.uint8(PALETTE)[labels])


def test_unsure_pixels_and_tiles(stub, photos, tmp_path):
    runner = stub(lambda x: np.zeros((len(x), 3, *x.shape[2:]), np.float32), output='scores')
    base = [str(runner.path), '--input', str(photos / 'a.png'), '--mask', '--out', str(tmp_path / 'm.png')]
    main([*base, '--min-confidence', '0.3', '--tile', '8', '--tile-overlap', '2'])  # three classes: a third each
    assert not cv2.imread(str(tmp_path / 'm.png'), cv2.IMREAD_UNCHANGED).any()
    assert {x.shape[2:] for x in runner.inputs} == {(8, 8)}
    main([*base, '--min-confidence', '0.4'])
    assert (cv2.imread(str(tmp_path / 'm.png'), cv2.IMREAD_UNCHANGED) == 255).all()


def test_what_is_left_out_is_listed_and_fails(stub, photos, tmp_path, capsys):
    model = str(stub().path)
    (photos / 'x.png').write_text('broken')
    with pytest.raises(SystemExit, match=r'^error: image .*x\.png: cannot be read as a picture \(.*\)$'):
        main([model, '--input', str(photos), '--out', str(tmp_path / 'out')])
    assert capsys.readouterr().out.startswith('3 pictures')
    (photos / 'c.png').write_text('broken')
    with pytest.raises(SystemExit, match=r'^error: 2 failed:\n  image .*c\.png.*\n  image .*x\.png'):
        main([model, '--input', str(photos), '--out', str(tmp_path / 'out')])
    with pytest.raises(SystemExit, match=r'^error: image .*x\.png'):
        main([model, '--input', str(photos / 'x.png'), '--out', str(tmp_path / 'x.png')])
    assert capsys.readouterr().out.count('\n') == 1
    assert not (tmp_path / 'x.png').exists()


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (dict(model='gone.onnx'), 'model gone.onnx: no such file'),
        (dict(input='gone.jpg'), 'input gone.jpg: no such file or folder'),
        (dict(alpha='3'), 'alpha: expected'),
        (dict(frames='0'), 'frames: expected'),
        ({'min-confidence': '2'}, 'min-confidence: expected'),
        (dict(tile='100'), 'tile: expected sides larger than the overlap'),
        (dict(batch='0'), 'batch: expected'),
        (dict(threads='-1'), 'threads: expected'),
        (dict(metadata='gone.json'), 'metadata gone.json: cannot be read'),
        (dict(out='/proc/nowhere'), '.*: its results cannot be written'),
    ],
)
def test_errors_are_one_line(stub, photos, tmp_path, change, message):
    given = dict(model=str(stub().path), input=str(photos), out=str(tmp_path / 'out'), **{})
    given.update(change)
    options = [part for key, value in given.items() if key != 'model' for part in (f'--{key}', value)]
    with pytest.raises(SystemExit, match=rf'^error: {message}[^\n]*$'):
        main([given['model'], *options])


def test_metadata_of_a_model_that_has_none(stub, photos, tmp_path):
    runner = stub()
    path = tmp_path / 'm.json'
    path.write_text(json.dumps(dict(format=1, interface=INTERFACE, classes=['a', 'b', 'c'], palette=[[9, 9, 9]] * 3)))
    main([str(runner.path), '--input', str(photos), '--out', str(tmp_path / 'out'), '--metadata', str(path)])
    assert len(list((tmp_path / 'out').rglob('*.*g'))) == 6


def test_ctrl_c(stub, photos, tmp_path, monkeypatch, capsys):
    def interrupt(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(command, 'run_pictures', interrupt)
    with pytest.raises(SystemExit) as caught:
        main([str(stub().path), '--input', str(photos), '--out', str(tmp_path / 'out')])
    assert caught.value.code == 130
    assert 'stopped' in capsys.readouterr().err


def test_stub_sees_the_picture(stub, tmp_path):
    runner = stub()
    cv2.imwrite(str(tmp_path / 'a.png'), blocks(6, 9))
    main([str(runner.path), '--input', str(tmp_path / 'a.png'), '--out', str(tmp_path / 'm.png'), '--mask'])
    assert cv2.imread(str(tmp_path / 'm.png'), cv2.IMREAD_UNCHANGED)[0].tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]


@pytest.mark.parametrize(
    ('arguments', 'expected'),
    [([], 4), (['--threads', '3'], 3), (['--streams', '1'], 1), (['--device', 'X'], 1)],
)
def test_frames_of_a_video_are_in_the_network_at_the_same_time(stub, tmp_path, monkeypatch, arguments, expected):
    monkeypatch.setattr(run, 'available_cores', lambda: 16)
    model, video = stub(), write_video(tmp_path / 'v.avi')
    main([str(model.path), '--input', str(video), '--out', str(tmp_path / 'w.avi'), *arguments])
    assert model.opened[0][-1] == expected
    assert len(model.inputs) == 6


def test_pictures_are_in_the_network_one_after_the_other(stub, photos, tmp_path):
    model = stub()
    main([str(model.path), '--input', str(photos), '--out', str(tmp_path / 'out')])
    assert model.opened[0][-1] == 1


def test_nothing_as_out_is_not_the_current_folder(stub, photos):
    with pytest.raises(SystemExit, match=r'^error: out: expected a folder or a file, got nothing'):
        main([str(stub().path), '--input', str(photos), '--out', ''])


@pytest.mark.parametrize(('texts', 'found'), [(['a=1', 'b=x=y'], dict(a='1', b='x=y')), ([], None)])
def test_options_of_the_runtime(stub, photos, tmp_path, texts, found):
    runner = stub()
    main([str(runner.path), '--input', str(photos), '--out', str(tmp_path / 'out'), '--device', 'cuda:1',
          *(['--runtime-options', *texts] if texts else [])])  # fmt: skip
    assert [opened[:4] for opened in runner.opened] == [(runner.path, 0, 'cuda:1', found)]
    with pytest.raises(SystemExit, match=r"^error: runtime-options: expected KEY=VALUE, got 'a'"):
        main([str(runner.path), '--input', str(photos), '--out', str(tmp_path / 'out'), '--runtime-options', 'a'])
