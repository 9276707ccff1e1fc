"""JSON, Markdown and picture of a run that never happened."""

from __future__ import annotations

import json

import pytest

from mmseg_liteseg.benchmark.case import Case, Model
from mmseg_liteseg.benchmark.clock import Plan
from mmseg_liteseg.benchmark.machine import describe
from mmseg_liteseg.benchmark.plot import draw, points
from mmseg_liteseg.benchmark.report import to_markdown
from mmseg_liteseg.benchmark.results import Line, Ratio, collect, to_text, write_text


@pytest.fixture
def lines(tmp_path):
    ours = Model('PP-LiteSeg-T', tmp_path / 'ours.py', (512, 1024))
    stock = Model('PP-LiteSeg-T', tmp_path / 'ours.py', (512, 1024), stock=True)
    theirs = Model('PIDNet-S', tmp_path / 'theirs.py', (1024, 2048))
    return [
        Line(Case(ours, 'labels'), [0.1, 0.2, 0.4], about=dict(borders=0.2)),
        Line(Case(theirs, 'labels'), [0.2, 0.4, 0.8]),
        Line(Case(ours, 'train', batch=2), [1.0], peak_bytes=2**20),
        Line(Case(stock, 'train', batch=2), [3.0], peak_bytes=2**22),
        Line(Case(theirs, 'labels', 'openvino'), failure='openvino is not installed'),
    ]


@pytest.fixture
def results(lines):
    keys = [line.case.key for line in lines]
    ratios = [
        Ratio('PIDNet-S / T', keys[1], keys[0], 'at least 1.5'),
        Ratio('memory', keys[2], keys[3], 'at most 0.5', of='memory'),
        Ratio('time of what failed', keys[0], keys[4]),
        Ratio('memory of what was not asked', keys[0], keys[1], of='memory'),
        Ratio('of what is not there', keys[0], 'nothing'),
    ]
    machine = {**describe('cpu'), 'load_averages': [0.1, 0.2, 0.3]}
    return collect(lines, ratios, Plan(rounds=3, runs=5), 10, machine, 'python tools/benchmark.py', '2026-01-02')


def test_json(results):
    read = json.loads(to_text(results))
    assert read == json.loads(json.dumps(results))
    assert list(read) == ['format', 'date', 'command', 'machine', 'method', 'tasks', 'lines', 'ratios']
    first = read['lines'][0]
    assert first['key'] == 'PP-LiteSeg-T@512x1024 labels eager fp32 b1 cpu'
    assert first['ms'] == dict(median=200.0, low=150.0, high=300.0)
    assert first['round_medians_ms'] == [100.0, 200.0, 400.0]
    assert first['images_per_second'] == 5.0
    assert first['published'] == dict(miou=73.1, source='paper')
    assert first['about'] == dict(borders=0.2)
    assert read['lines'][2]['images_per_second'] == 2.0
    assert read['lines'][4]['failure'] == 'openvino is not installed'
    assert 'ms' not in read['lines'][4]
    assert {'cpu', 'cores', 'threads', 'versions', 'load_averages'} <= set(read['machine'])
    assert {'torch', 'mmseg', 'mmengine', 'mmcv', 'mmseg_liteseg'} <= set(read['machine']['versions'])


def test_ratios_of_what_there_is(results):
    assert [(entry['title'], entry['value']['median']) for entry in results['ratios']] == [
        ('PIDNet-S / T', 2.0),
        ('memory', 0.25),
    ]


def test_method_stands_beside_the_numbers(results):
    text = to_markdown(results)
    assert 'then 5 timed runs' in text
    assert 'of 3 rounds' in text
    assert '10 runs are queued' in text
    assert '{' not in text


def test_markdown(results):
    text = to_markdown(results)
    assert '| PP-LiteSeg-T | 512x1024 | labels | eager | fp32 | 1 | 200.0 [150.0, 300.0] | 5 |  | 73.10 (a) |' in text
    assert '| PIDNet-S | 1024x2048 | labels | eager | fp32 | 1 | 400.0 [300.0, 600.0] | 2.5 |  | 78.74 (c) |' in text
    assert '| PP-LiteSeg-T, stock | 512x1024 | train | eager | fp32 | 2 | 3000 [3000, 3000] | 0.667 | 4.0 |' in text
    assert '(a): PP-LiteSeg paper' in text
    assert '(b)' not in text
    assert '| PIDNet-S / T | 2 [2, 2] | at least 1.5 |' in text
    assert '| memory | 0.25 | at most 0.5 |' in text
    assert '- openvino is not installed: PIDNet-S@1024x2048 labels openvino fp32 b1 cpu' in text
    assert 'Load average at start, middle and end: 0.1, 0.2, 0.3.' in text


def test_picture(results, tmp_path):
    assert points(results) == {
        'eager fp32 cpu': [
            dict(label='PP-LiteSeg-T 512x1024', fps=5.0, miou=73.1, source='paper'),
            dict(label='PIDNet-S 1024x2048', fps=2.5, miou=78.74, source='mmseg'),
        ]
    }
    assert draw(results, tmp_path / 'docs' / 'a.png')
    assert (tmp_path / 'docs' / 'a.png').read_bytes().startswith(b'\x89PNG')
    assert [path.name for path in (tmp_path / 'docs').iterdir()] == ['a.png']


def test_no_picture_without_accuracies(results, tmp_path):
    results['lines'] = results['lines'][2:]
    assert not draw(results, tmp_path / 'a.png')
    assert not list(tmp_path.iterdir())


def test_files_appear_whole(tmp_path):
    write_text(tmp_path / 'new' / 'a.json', '{}')
    assert [path.name for path in (tmp_path / 'new').iterdir()] == ['a.json']
    with pytest.raises(UnicodeEncodeError):
        write_text(tmp_path / 'new' / 'a.json', '\ud800')
    assert (tmp_path / 'new' / 'a.json').read_text() == '{}'
