"""What can be asked for."""

from __future__ import annotations

import pytest

from mmseg_liteseg.benchmark.case import Case, Model, grid, parse_model, parse_size
from mmseg_liteseg.benchmark.errors import BenchmarkError
from mmseg_liteseg.benchmark.names import resolve


def test_model_of_a_name():
    path = resolve('PP-LiteSeg-T')[1]
    assert parse_model('pp-liteseg-t', (512, 1024)) == Model('PP-LiteSeg-T', path, (512, 1024), False)
    model = parse_model('PP-LiteSeg-T@360x480+stock', (512, 1024))
    assert model == Model('PP-LiteSeg-T', path, (360, 480), True)
    assert str(model) == 'PP-LiteSeg-T@360x480+stock'
    assert str(parse_model('STDC1-Seg+fast', (512, 1024))) == 'STDC1-Seg@512x1024+fast'


@pytest.mark.parametrize('text', ['512', '512x', 'x1024', '512X1024', '16x1024', '512x1024x3'])
def test_bad_sizes(text):
    with pytest.raises(BenchmarkError, match='HEIGHTxWIDTH'):
        parse_size(text)


def test_grid_holds_what_is_possible(tiny):
    ours = Model('PP-LiteSeg-T', tiny.config, (32, 64))
    runtimes, precisions = ('eager', 'onnxruntime', 'openvino', 'paddle'), ('fp32', 'bf16', 'fp16', 'int8')
    keys = [case.key for case in grid([ours, tiny], ('labels', 'train'), runtimes, precisions, (2,))]
    assert keys == [
        'PP-LiteSeg-T@32x64 labels eager fp32 b2 cpu',
        'PP-LiteSeg-T@32x64 labels eager bf16 b2 cpu',
        'PP-LiteSeg-T@32x64 labels eager fp16 b2 cpu',
        'PP-LiteSeg-T@32x64 labels onnxruntime fp32 b2 cpu',
        'PP-LiteSeg-T@32x64 labels onnxruntime int8 b2 cpu',
        'PP-LiteSeg-T@32x64 labels openvino fp32 b2 cpu',
        'PP-LiteSeg-T@32x64 labels openvino bf16 b2 cpu',
        'PP-LiteSeg-T@32x64 labels openvino int8 b2 cpu',
        'PP-LiteSeg-T@32x64 labels paddle fp32 b2 cpu',
        'PP-LiteSeg-T@32x64 labels paddle bf16 b2 cpu',
        'PP-LiteSeg-T@32x64 train eager fp32 b2 cpu',
        'PP-LiteSeg-T@32x64 train eager bf16 b2 cpu',
        'PP-LiteSeg-T@32x64 train eager fp16 b2 cpu',
        'tiny@32x64 labels eager fp32 b2 cpu',
        'tiny@32x64 labels eager bf16 b2 cpu',
        'tiny@32x64 labels eager fp16 b2 cpu',
        'tiny@32x64 labels onnxruntime fp32 b2 cpu',
        'tiny@32x64 labels onnxruntime int8 b2 cpu',
        'tiny@32x64 labels openvino fp32 b2 cpu',
        'tiny@32x64 labels openvino bf16 b2 cpu',
        'tiny@32x64 labels openvino int8 b2 cpu',
        'tiny@32x64 train eager fp32 b2 cpu',
        'tiny@32x64 train eager bf16 b2 cpu',
        'tiny@32x64 train eager fp16 b2 cpu',
    ]
    assert not Case(tiny, 'labels', 'openvino', device='cuda').possible
