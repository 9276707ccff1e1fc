from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from mmseg_liteseg.visualization import draw_curves, read_scalars


def write(work_dir, time, records, end='\n'):
    folder = work_dir / time / 'vis_data'
    folder.mkdir(parents=True)
    (folder / 'scalars.json').write_text('\n'.join(json.dumps(record) for record in records) + end)


def train(step, loss):
    return {'lr': 0.01, 'loss': loss, 'decode.loss_ce': loss / 2, 'iter': step, 'step': step}


def test_losses_and_metrics_come_with_their_steps(tmp_path):
    write(tmp_path, '20300101_000000', [train(10, 3.0), train(20, 2.0), {'mIoU': 41.5, 'step': 20}])
    curves = read_scalars(tmp_path)
    assert curves['loss'] == ([10, 20], [3.0, 2.0])
    assert curves['decode.loss_ce'] == ([10, 20], [1.5, 1.0])
    assert curves['mIoU'] == ([20], [41.5])
    assert 'step' not in curves


def test_a_resumed_training_goes_on(tmp_path):
    write(tmp_path, '20300101_000000', [train(10, 3.0), train(20, 2.0), train(30, 9.0), {'mIoU': 1.0, 'step': 30}])
    write(tmp_path, '20300102_000000', [train(30, 1.5), train(40, 1.0)])
    curves = read_scalars(tmp_path)
    assert curves['loss'] == ([10, 20, 30, 40], [3.0, 2.0, 1.5, 1.0])
    assert curves['mIoU'] == ([], [])


def test_a_new_training_replaces_an_older_longer_one(tmp_path):
    write(tmp_path, '20300101_000000', [train(step, 5.0) for step in (10, 20, 30, 40)])
    write(tmp_path, '20300102_000000', [train(10, 1.5)])
    assert read_scalars(tmp_path)['loss'] == ([10], [1.5])


def test_tests_in_the_same_folder_do_not_count(tmp_path):
    write(tmp_path, '20300101_000000', [train(10, 3.0), {'mIoU': 40.0, 'step': 10}])
    write(tmp_path, '20300102_000000', [{'mIoU': 99.0, 'step': 0}])
    assert read_scalars(tmp_path)['mIoU'] == ([10], [40.0])


def test_a_line_cut_short_at_the_end_is_left_out(tmp_path):
    write(tmp_path, '20300101_000000', [train(10, 3.0)], end='\n{"loss": 2.')
    assert read_scalars(tmp_path)['loss'] == ([10], [3.0])


def test_exceptions(tmp_path):
    with pytest.raises(FileNotFoundError, match='no training found'):
        read_scalars(tmp_path)
    write(tmp_path, '20300101_000000', [train(10, 3.0)])
    path = tmp_path / '20300101_000000/vis_data/scalars.json'
    path.write_text('{"loss"\n' + path.read_text())
    with pytest.raises(ValueError, match=r'scalars.json, line 1'):
        read_scalars(tmp_path)


def test_drawing_follows_the_values(tmp_path):
    falling = {'loss': ([1, 2, 3], [3.0, 2.0, 1.0]), 'mIoU': ([1, 3], [20.0, 60.0])}
    rising = {'loss': ([1, 2, 3], [1.0, 2.0, 3.0]), 'mIoU': ([1, 3], [20.0, 60.0])}
    pictures = []
    for name, curves in (('a', falling), ('b', rising), ('c', {'loss': falling['loss']})):
        draw_curves(curves, tmp_path / 'new' / f'{name}.png')
        pictures.append(np.asarray(Image.open(tmp_path / 'new' / f'{name}.png')).astype(int))
    half = pictures[0].shape[1] // 2
    assert (pictures[0][:, :half] != pictures[1][:, :half]).any()
    assert (pictures[0][:, half:] == pictures[1][:, half:]).all()
    assert (pictures[0][:, half:] != pictures[2][:, half:]).any()
    assert {path.name for path in (tmp_path / 'new').iterdir()} == {'a.png', 'b.png', 'c.png'}


def test_a_metric_that_is_never_a_number_is_drawn(tmp_path):
    draw_curves({'loss': ([1], [1.0]), 'mIoU': ([1], [float('nan')])}, tmp_path / 'a.png')
    assert (tmp_path / 'a.png').stat().st_size > 1000
