"""The report compares what a user gets, from the file on."""

import json
from dataclasses import replace

import cv2
import numpy as np
import pytest
from mmseg.apis import inference_model

from mmseg_liteseg.deploy.agreement import DEFAULT_BOUND
from mmseg_liteseg.deploy.errors import DeployError
from mmseg_liteseg.deploy.export import describe, export
from mmseg_liteseg.deploy.exporters import ExportOptions
from mmseg_liteseg.deploy.metadata import Metadata
from mmseg_liteseg.deploy.source import load_source
from mmseg_liteseg.deploy.whole_way import compare_files, reason_to_differ
from mmseg_liteseg.runtime import Segmenter
from tests.runtime.test_parity import GraphRunner

LOAD, PACK = dict(type='LoadImageFromFile'), dict(type='PackSegInputs')
MULTIPLE = dict(type='ResizeToMultiple', size_divisor=32)


def open_with(tiny, tmp_path, *steps, change=lambda metadata: metadata, **options):
    """Source with a test pipeline of its own, and a segmenter around what would be exported."""
    source = load_source(*map(str, tiny), dict(test_pipeline=[LOAD, *steps, PACK]))
    runner = GraphRunner(source, ExportOptions(**options))
    runner.metadata = change(runner.metadata)
    (tmp_path / 'a.onnx').touch()
    return source, Segmenter(tmp_path / 'a.onnx', runner=runner)


@pytest.mark.parametrize(
    'steps',
    [
        (MULTIPLE,),
        (dict(type='Resize', scale=(200, 100), keep_ratio=True, interpolation='area'),),
        (dict(type='Resize', scale=(96, 64), backend='pillow'), dict(type='Pad', size_divisor=128)),
        (dict(type='ResizeShortestEdge', scale=80, max_size=110), dict(type='RGB2Gray')),
    ],
    ids=lambda steps: '+'.join(step['type'] for step in steps),
)
def test_recorded_steps_agree(tiny, tmp_path, steps):
    source, segmenter = open_with(tiny, tmp_path, *steps, output='scores')
    rows = compare_files(source, segmenter, None, DEFAULT_BOUND, lambda line: None)
    assert len(rows) == 2
    assert all(row['reason'] is None and row['passed'] for row in rows)


def test_a_step_that_is_lost_is_noticed(tiny, tmp_path):
    forget = lambda metadata: replace(metadata, steps=())  # noqa: E731
    source, segmenter = open_with(tiny, tmp_path, MULTIPLE, change=forget, output='scores')
    with pytest.raises(DeployError, match='differs from that of inference_model'):
        compare_files(source, segmenter, None, DEFAULT_BOUND, lambda line: None)


def test_the_users_own_pictures(tiny, tmp_path):
    for index in range(6):
        picture = np.random.default_rng(index).integers(0, 256, (40, 56, 3), np.uint8)
        cv2.imwrite(str(tmp_path / f'{index}.png'), picture)
    source, segmenter = open_with(tiny, tmp_path, output='labels')
    lines = []
    rows = compare_files(source, segmenter, str(tmp_path), DEFAULT_BOUND, lines.append)
    assert [row['name'] for row in rows] == ['0.png', '1.png', '2.png', '3.png']
    assert '40x56' in lines[1]


@pytest.mark.parametrize(
    ('options', 'reason'),
    [
        (dict(output='scores', size=(64, 96)), 'resized to the artefact'),
        (dict(output='labels'), 'labels are resized'),
        (dict(output='scores', raw=True), 'whole numbers'),
        (dict(output='scores'), None),
    ],
)
def test_reasons_are_named(tiny, options, reason):
    load = dict(LOAD, to_float32=True)
    source = load_source(*map(str, tiny), dict(test_pipeline=[load, dict(type='Resize', scale_factor=0.5), PACK]))
    found = reason_to_differ(describe(source, ExportOptions(**options)), (90, 120))
    assert found is None if reason is None else reason in found


HALF_FLOATS = (dict(LOAD, to_float32=True), dict(type='Resize', scale_factor=(0.5, 0.75)), PACK)
KEPT_RATIO = (dict(LOAD, to_float32=True), dict(type='Resize', scale=(160, 96), keep_ratio=True), PACK)
# Horizontal before vertical.
MULTIPLES = (dict(LOAD, to_float32=True), dict(type='ResizeToMultiple', size_divisor=(32, 64)), PACK)


@pytest.mark.parametrize(
    ('pipeline', 'options'),
    [
        (HALF_FLOATS, dict(output='labels', raw=True)),
        (HALF_FLOATS, dict(output='logits')),
        (KEPT_RATIO, dict(output='labels', size=(270, 486))),
        (MULTIPLES, dict(output='labels', raw=True)),
        (MULTIPLES, dict(output='logits', size=(270, 486))),
    ],
)
def test_resizes_inside_are_the_configs(tiny, tmp_path, pipeline, options):
    """Labels at the picture's size, where they would have to be repeated otherwise."""
    pytest.importorskip('onnxruntime')
    source = load_source(*map(str, tiny), dict(test_pipeline=list(pipeline)))
    chosen = ExportOptions(resize_inside=True, **options)
    path = export(source, chosen, tmp_path, 'x', sizes=((75, 111), (64, 64)), say=str)[0]
    report = json.loads((tmp_path / 'x.agreement.json').read_text())['onnx']
    assert all(row['passed'] for row in report['rows'])
    for row in report['files']:
        assert row['passed']
        assert row['reason'] is None or 'size' in options  # the other drawn file has another size than the artefact
    segmenter = Segmenter(path)
    metadata = segmenter.metadata
    for size in [] if 'size' in options else ((1, 1), (1, 64), (64, 1), (3, 65)):  # torch and ONNX part at one pixel
        picture = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
        source.model.cfg = source.cfg.copy()  # inference_model changes its pipeline
        expected = inference_model(source.model, picture).pred_sem_seg.data[0].numpy()
        assert np.count_nonzero(segmenter.predict(picture) != expected) <= 1
    assert [step['type'] for step in metadata.interface.inside] == [pipeline[1]['type']]
    assert [step['type'] for step in metadata.steps] == ['ToFloat32']
    assert Metadata.from_json(metadata.to_json(), 'x') == metadata


@pytest.mark.parametrize(
    ('steps', 'message'),
    [
        ((), 'expected Resize or ResizeToMultiple alone in the test pipeline, found nothing'),
        ((MULTIPLE, dict(type='Pad', size_divisor=64)), 'found ResizeToMultiple, Pad'),
        ((dict(type='Resize', scale=(96, 64), interpolation='area'),), 'expected a bilinear Resize'),
        ((dict(type='Resize', scale=(96, 64), keep_ratio=True),), r'needs one size of the input \(--shape H W\)'),
    ],
)
def test_resizes_that_cannot_go_inside(tiny, steps, message):
    source = load_source(*map(str, tiny), dict(test_pipeline=[LOAD, *steps, PACK]))
    with pytest.raises(DeployError, match=message):
        describe(source, ExportOptions(resize_inside=True))


def test_a_resize_that_rounds_is_told(tiny):
    source = load_source(*map(str, tiny), dict(test_pipeline=[LOAD, dict(type='Resize', scale_factor=0.5), PACK]))
    assert 'rounds' in reason_to_differ(describe(source, ExportOptions(resize_inside=True)), (90, 120))
    with pytest.raises(DeployError, match=r'^resize_inside: scores'):
        ExportOptions(resize_inside=True, output='scores')
