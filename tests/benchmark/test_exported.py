"""Exported graphs, and messages where a package is missing."""

from __future__ import annotations

import os

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from mmseg_liteseg.benchmark import exported
from mmseg_liteseg.benchmark.errors import BenchmarkError
from mmseg_liteseg.benchmark.scenes import batch_of
from tests.helpers import assert_argmax

from .conftest import SIZE


@torch.no_grad()
def test_graph(network):
    images = batch_of(1, SIZE)
    logits = network(images, mode='tensor')
    torch.testing.assert_close(exported.Graph(network, 'network', SIZE)(images), logits)
    labels = exported.Graph(network, 'labels', SIZE)(images)
    assert_argmax(labels, F.interpolate(logits, SIZE, mode='bilinear'))


def test_missing_package():
    with pytest.raises(BenchmarkError, match='no_such_thing is not installed: pip install no_such_thing') as caught:
        exported.need('no_such_module', 'no_such_thing')
    assert '\n' not in str(caught.value)


def test_a_runtime_that_is_missing(case, network, monkeypatch):
    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(exported.importlib, 'import_module', missing)
    for runtime in ('onnxruntime', 'openvino'):
        with pytest.raises(BenchmarkError, match=f'pip install {runtime}'):
            exported.make_run(case('labels', runtime=runtime), network, 1)


@pytest.mark.parametrize(
    ('runtime', 'precision'),
    [
        ('onnxruntime', 'fp32'),
        ('onnxruntime', 'int8'),
        ('openvino', 'fp32'),
        ('openvino', 'bf16'),
        ('openvino', 'int8'),
    ],
)
def test_runtimes_run_the_network(case, network, runtime, precision):
    pytest.importorskip(runtime)
    pytest.importorskip('onnx')
    if precision == 'bf16' and 'ONEDNN_MAX_CPU_ISA' in os.environ:
        pytest.skip('OpenVINO chooses bf16 by the real processor, and its oneDNN refuses it for the one it is told of')
    with torch.no_grad():
        wanted = network(batch_of(1, SIZE), mode='tensor')
    result = exported.make_run(case('network', runtime=runtime, precision=precision), network, 1)()
    assert result.shape == tuple(wanted.shape)
    if precision == 'fp32':  # random weights at this size magnify rounding
        assert (torch.from_numpy(result) - wanted).abs().max() < 1e-2 * wanted.abs().max()
    if precision == 'int8':
        assert 1e-3 < (torch.from_numpy(result) - wanted).abs().mean() / wanted.abs().mean() < 0.8  # unrelated: 1.4


@pytest.mark.parametrize('runtime', ['onnxruntime', 'openvino'])
@pytest.mark.parametrize('ours', [True, False])
@torch.no_grad()
def test_label_maps_of_ours_and_of_others(case, network, monkeypatch, runtime, ours):
    pytest.importorskip(runtime)
    pytest.importorskip('onnx')
    monkeypatch.setattr(exported, 'predicts_labels', lambda model: ours)
    labels = exported.make_run(case('labels', runtime=runtime), network, 1)()
    logits = F.interpolate(network(batch_of(1, SIZE), mode='tensor'), SIZE, mode='bilinear')
    assert labels.shape == (1, *SIZE)
    assert labels.dtype == (np.uint8 if ours else np.int32)
    assert (torch.from_numpy(labels).long() == logits.argmax(1)).float().mean() > 0.99


def test_first_line():
    assert exported.first_line(ValueError('one\ntwo')) == 'one'
    assert exported.first_line(ValueError()) == 'ValueError'
