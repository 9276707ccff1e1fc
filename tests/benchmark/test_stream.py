import json

from mmseg_liteseg.benchmark import stream
from mmseg_liteseg.benchmark.clock import Plan
from tests.runtime.conftest import stub  # noqa: F401


def test_both_ways_are_measured_and_written(stub, tmp_path):  # noqa: F811
    model = stub()
    session = stream.StreamSession(
        plan=Plan(rounds=2, runs=1, pause=0), size=(64, 96), frames=9, threads=2, progress=lambda text: None
    )
    results = session.run(model.path, 'python tools/benchmark.py --stream stub.onnx')
    # opened with all threads, and for two callers that share them
    assert [(call[1], call[-1]) for call in model.opened] == [(2, 1), (2, 2)]
    assert len(model.inputs) == 2 * 9 * (1 + 2 * 2)  # a warm-up each, and an untimed run before each timed one
    assert set(results['frames_per_second']) == {'sequential', 'overlapped'}
    assert all(spread['low'] > 0 for spread in [*results['frames_per_second'].values(), results['ratio']])
    written = stream.save_stream(results, tmp_path / 'stream')
    assert json.loads(written[0].read_text())['streams'] == 2
    text = written[1].read_text()
    assert '| overlapped / sequential |' in text
    assert '9 frames of 64x96' in text
    assert 'network' in text
