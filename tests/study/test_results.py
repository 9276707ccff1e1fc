"""Tables from made-up trainings."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from mmseg_liteseg.datasets.classes import CAMVID_METAINFO
from mmseg_liteseg.study import report, tables
from mmseg_liteseg.study.config import Job
from mmseg_liteseg.study.cost import Cost
from mmseg_liteseg.study.errors import StudyError
from mmseg_liteseg.study.predict import Evaluation, Scored, _enlarged, draw_choice
from mmseg_liteseg.study.results import Figure, read_runs, rows_of

CLASSES = CAMVID_METAINFO['classes']


def make_run(runs, name, seed, mious, total=4000, poles=0.1, budget='cpu'):
    """A training validated after every tenth with these mIoU; the pole has an IoU of its own, the fence is absent."""
    job = Job(name, budget, seed)
    folder = job.folder(runs)
    folder.mkdir(parents=True)
    piece = dict(start=0, end=total, seconds=1.0, device='a CPU', cores=2, threads=2, versions={})
    record = {**vars(job), 'done': total, 'validated': total, 'pieces': [piece], 'recipe': {'train.max_iters': total}}
    (folder / 'run.json').write_text(json.dumps(record))
    lines = []
    for index, miou in enumerate(mious, 1):
        iou = {**dict.fromkeys(CLASSES, miou), 'pole': poles, 'fence': None}
        lines.append(dict(iter=400 * index, loss=1 / index, lr=0.01, seconds=float(index)))
        lines.append(dict(iter=400 * index, mIoU=miou, iou=iou, val_seconds=9.0))
    (folder / 'history.jsonl').write_text(''.join(json.dumps(line) + '\n' for line in lines))
    return folder


@pytest.fixture
def runs(tmp_path):
    """T reaches 0.52 and 0.56 at best, 0.50 and 0.56 at last; STDC1-Seg 0.4; an ablation 0.53; B is not finished."""
    rising = [0.1, 0.2, 0.3, 0.3, 0.4, 0.45]
    make_run(tmp_path, 'T', 0, [*rising, 0.5, 0.52, 0.52, 0.50])
    make_run(tmp_path, 'T', 1, [*rising, 0.5, 0.51, 0.52, 0.56], poles=0.3)
    make_run(tmp_path, 'STDC1-Seg', 0, [*rising, 0.4, 0.4, 0.4, 0.3], poles=0.0)
    make_run(tmp_path, 'T-add', 1, [*rising, 0.4, 0.4, 0.4, 0.53])
    make_run(tmp_path, 'B', 0, rising)
    return tmp_path


def cells(text, start):
    """Cells of a table's line."""
    line = next(line for line in text.splitlines() if line.startswith(f'| {start} |'))
    return [cell.strip() for cell in line.split('|')[1:-1]]


def test_best_is_the_first_of_the_highest(runs):
    first = read_runs(runs, 'cpu')[0]
    assert (first.name, first.best['iter'], first.best['mIoU'], first.last['mIoU']) == ('T', 3200, 0.52, 0.50)
    assert first.seconds_per_iter == 5.5


def test_mean_and_spread():
    assert Figure.of([0.52, 0.56]).percent() == '54.00 ± 2.83'
    assert Figure.of([0.52]).percent() == '52.00'
    assert Figure.of([None]).percent() == '-'


def test_tables(runs):
    rows = rows_of(read_runs(runs, 'cpu'))
    assert [row.name for row in rows] == ['T', 'STDC1-Seg', 'T-add']  # B goes on
    costs = {row.name: Cost(8140320, 8028064, 7705067304) for row in rows}
    text = tables.main_table(rows, costs, {'T': {'median': 12.345}})
    assert cells(text, 'T') == ['T', '2', '54.00 ± 2.83', '53.00 ± 4.24', '8.14', '8.03', '7.71', '12.35']
    assert cells(text, 'STDC1-Seg')[-1] == '-'
    per_class = tables.class_table(rows, 'best')
    assert cells(per_class, 'pole') == ['pole', '20.0 ± 14.1', '0.0', '10.0']
    assert cells(per_class, 'fence') == ['fence', '-', '-', '-']
    assert cells(per_class, '**mean**') == ['**mean**', '54.0 ± 2.8', '45.0', '53.0']
    # only seed 1 was trained in both
    assert cells(tables.ablation_table(rows), 'T-add')[-1] == '-3.00'


def test_verdicts(runs):
    rows = rows_of(read_runs(runs, 'cpu'))
    reached = tables.verdicts(rows, 'cpu')
    assert [line.split(':')[0] for line in reached] == ['reached', 'reached', '**not reached**']
    assert reached[2].endswith('every class of T above 0, not fence')
    assert tables.verdicts(rows, 'whole')[2].startswith('**not reached**: every class of T above 20, not ')
    assert tables.verdicts(rows, 'gpu')[0].startswith('**not reached**: T at least 62')


@pytest.mark.parametrize(('theirs', 'word'), [(0.5, 'reached'), (0.6, '**not reached**')])
def test_starts_are_compared_like_with_like(tmp_path, theirs, word):
    for name, best in (('T', 0.2), ('T-drawn', 0.55), ('STDC1-Seg-drawn', theirs)):
        make_run(tmp_path, name, 0, [best] * 10)
    verdicts = tables.verdicts(rows_of(read_runs(tmp_path, 'cpu')), 'starts')
    assert [line for line in verdicts if 'above STDC1' in line] == [
        f'{word}: T-drawn above STDC1-Seg-drawn, 55.00 to {100 * theirs:.2f}'
    ]


def test_a_training_on_drawn_scenes_does_not_stand_for_the_project(tmp_path):
    make_run(tmp_path, 'T', 0, [0.9] * 10, budget='drawn')
    found = {'drawn': read_runs(tmp_path, 'drawn')}
    with pytest.raises(StudyError, match='no finished training of T'):
        report.best_run_of_t(found)
    make_run(tmp_path, 'T', 0, [0.3] * 10, budget='cpu')
    assert report.best_run_of_t({**found, 'cpu': read_runs(tmp_path, 'cpu')}).record['budget'] == 'cpu'


def make_evaluation(folder, mious):
    """Images of sky and building, as much of the one as of the other taken for its opposite."""
    images = []
    for index, miou in enumerate(mious):
        Image.fromarray(np.zeros((10, 12, 3), np.uint8)).save(folder / f'{index}.png')
        confusion = np.zeros((11, 11), np.int64)
        confusion[:2, :2] = round(5000 * (1 - miou))
        confusion[0, 0] = confusion[1, 1] = round(10000 * miou)
        label = np.zeros((10, 12), np.uint8)
        images.append(Scored(str(folder / f'{index}.png'), label, label, confusion, miou))
    return Evaluation(images, CLASSES, CAMVID_METAINFO['palette'])


def test_choice_of_pictures(tmp_path):
    evaluation = make_evaluation(tmp_path, [0.5, 0.1, 0.9, 0.7, 0.3, 0.8, 0.2])
    assert evaluation.miou == pytest.approx(0.5)
    chosen = {name: [image.miou for image in images] for name, images in evaluation.choose(3).items()}
    expected = dict(good=[0.9, 0.8, 0.7], typical=[0.7, 0.5, 0.3], worst=[0.3, 0.2, 0.1])
    assert chosen == {name: pytest.approx(values) for name, values in expected.items()}
    draw_choice(evaluation, tmp_path, cell_width=60)
    sizes = {name: Image.open(tmp_path / f'{name}.jpg').size for name in (*expected, 'sample')}
    assert {width for width, _ in sizes.values()} == {3 * 60 + 12}
    assert sizes['sample'][1] < sizes['worst'][1] == sizes['good'][1]


def test_the_enlarged_window_holds_most_of_the_class(tmp_path):
    evaluation = make_evaluation(tmp_path, [0.5] * 6)
    for image, place in ((evaluation.images[0], (7, 9)), (evaluation.images[5], (1, 0))):
        image.label[place[0] :, place[1]] = CLASSES.index('pole')
    labels = [label for _, label, _ in _enlarged(evaluation, ('pole',))]
    assert [label.shape for label in labels] == [(3, 4)] * 2
    assert [int((label == CLASSES.index('pole')).sum()) for label in labels] == [3, 3]


@pytest.fixture
def quick(monkeypatch, tmp_path):
    """Reports without networks; returns what to set as the checkpoint's mIoU."""
    folder = tmp_path / 'images'
    folder.mkdir()
    monkeypatch.setattr(report, 'cost_of', lambda name, budget: Cost(1, 1, 1))
    monkeypatch.setattr(report.Config, 'fromfile', lambda path: None)

    def set_miou(miou):
        monkeypatch.setattr(report, 'evaluate', lambda *args: make_evaluation(folder, [miou]))

    return set_miou


def test_report_refuses_what_does_not_fit(runs, quick, tmp_path):
    quick(0.5)
    with pytest.raises(StudyError, match=r'predicts with 50\.00 mIoU, the log says 56\.00 \(iteration 4000\)'):
        report.write_report(str(runs), str(tmp_path / 'out'))
    quick(0.5601)
    with pytest.raises(StudyError, match=r'missing\.json: no such file'):
        report.write_report(str(runs), str(tmp_path / 'out'), speed='missing.json')


def test_report_files(runs, quick, tmp_path):
    quick(0.56)
    written = report.write_report(str(runs), str(tmp_path / 'out'))
    text = written[0].read_text(encoding='utf-8')
    assert 'Not finished, and in no table: B seed 0 (2400 of 4000).' in text
    assert 'Trained on a CPU (2 cores), 5 pieces.' in text
    assert [path.name for path in written] == [
        'results.md',
        'curves-cpu.png',
        'good.jpg',
        'typical.jpg',
        'worst.jpg',
        'thin.jpg',
    ]
    assert all(path.is_file() for path in written)
    for path in written[1:]:
        assert f']({path.name})' in text
    assert len(list((tmp_path / 'out/logs').glob('cpu-*.jsonl'))) == 5


def test_nothing_to_report(tmp_path):
    with pytest.raises(StudyError, match='no finished training under any budget'):
        report.write_report(str(tmp_path), str(tmp_path / 'out'))
