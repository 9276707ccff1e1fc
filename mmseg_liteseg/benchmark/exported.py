"""The same tasks through an exported graph: onnxruntime and OpenVINO."""

from __future__ import annotations

import importlib
import inspect
import tempfile
import warnings
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmseg_liteseg.deploy.runners.ov import shared_core
from mmseg_liteseg.runtime.label_map import label_map

from .case import Case
from .errors import BenchmarkError
from .models import main_logits
from .scenes import batch_of
from .torch_tasks import predicts_labels

# INT8 needs it: one scale per channel (docs/deploy/int8.md)
OPSET = 13


class Graph(nn.Module):
    """What is exported: a segmentor's network, and for the task ``labels`` upsampling and argmax behind it."""

    def __init__(self, model: nn.Module, task: str, size: tuple[int, int]) -> None:
        super().__init__()
        self.model, self.task, self.size = model, task, size

    def forward(self, images: Tensor) -> Tensor:
        """(N, 3, H, W) -> logits (N, C, h, w), or labels (N, H, W) int32."""
        logits = main_logits(self.model(images, mode='tensor'))
        if self.task == 'network':
            return logits
        logits = F.interpolate(logits, self.size, mode='bilinear', align_corners=self.model.align_corners)
        return logits.argmax(1).int()


def need(module: str, package: str) -> ModuleType:
    """Imports an optional package.

    Raises:
        BenchmarkError: It is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise BenchmarkError(f'{package} is not installed: pip install {package} (or leave the runtime out)') from error


def export(case: Case, model: nn.Module, folder: str) -> str:
    """Writes the case's graph as ONNX with a fixed size and returns the file.

    Raises:
        BenchmarkError: torch cannot export this model.
    """
    need('onnx', 'onnx')
    path = str(Path(folder) / 'model.onnx')
    images = batch_of(case.batch, case.model.size)
    options = {'dynamo': False} if 'dynamo' in inspect.signature(torch.onnx.export).parameters else {}
    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter('ignore')
            graph = Graph(model, case.task, case.model.size).eval()  # torch puts the mode back to what it was
            torch.onnx.export(graph, images, path, opset_version=OPSET, **options)
    except Exception as error:  # torch raises a dozen types here
        raise BenchmarkError(f'torch.onnx.export failed ({first_line(error)})') from error
    return path


def first_line(error: BaseException) -> str:
    """First line of an error's message, or its type."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def make_run(case: Case, model: nn.Module, threads: int) -> Callable[[], np.ndarray]:
    """What to measure: array in, array out.

    Label maps of ours are made as ``mmseg_liteseg.runtime`` makes them of a model that was exported with
    ``--output scores``; others' by upsampling and argmax in the graph.
    """
    start = {'onnxruntime': _onnxruntime, 'openvino': _openvino}[case.runtime]
    need(case.runtime, case.runtime)
    outside = case.task == 'labels' and predicts_labels(model)
    with tempfile.TemporaryDirectory() as folder:
        graph = replace(case, task='network') if outside else case
        path = export(graph, model, folder)
        run = start(graph, quantize(graph, path) if case.precision == 'int8' else path, threads)
    return _with_label_maps(run, case.model.size, model.align_corners) if outside else run


def _with_label_maps(
    run: Callable[[], np.ndarray], size: tuple[int, int], align_corners: bool
) -> Callable[[], np.ndarray]:
    """(N, C, h, w) -> (N, H, W), uint8."""
    return lambda: np.stack([label_map(logits, [size], align_corners, np.uint8) for logits in run()])


def quantize(case: Case, path: str) -> str:
    """Writes the graph with its convolutions in INT8 beside the float one, calibrated on drawn street scenes.

    Raises:
        BenchmarkError: onnxruntime, which does it for both runtimes, is not installed.
    """
    need('onnxruntime', 'onnxruntime')
    from mmseg_liteseg.deploy.quantizers import QuantizeOptions
    from mmseg_liteseg.deploy.quantizers.by_onnxruntime import quantize_file

    target = Path(path).with_name('int8.onnx')
    # one batch: the speed is measured here, not the accuracy
    inputs = [batch_of(case.batch, case.model.size).numpy()]
    quantize_file(Path(path), target, inputs, QuantizeOptions())
    return str(target)


def _onnxruntime(case: Case, path: str, threads: int) -> Callable[[], np.ndarray]:
    ort = need('onnxruntime', 'onnxruntime')
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    # Threads that spin on after a run would take their time from the subject that follows.
    options.add_session_config_entry('session.force_spinning_stop', '1')
    wanted = 'CUDAExecutionProvider' if case.device == 'cuda' else 'CPUExecutionProvider'
    if wanted not in ort.get_available_providers():
        raise BenchmarkError(f'this onnxruntime has no {wanted} (pip install onnxruntime-gpu)')
    session = ort.InferenceSession(path, options, providers=[wanted])
    feed = {session.get_inputs()[0].name: batch_of(case.batch, case.model.size).numpy()}
    return lambda: session.run(None, feed)[0]


def _openvino(case: Case, path: str, threads: int) -> Callable[[], np.ndarray]:
    core = shared_core(need('openvino', 'openvino'))
    # named in each case: OpenVINO takes bfloat16 by itself where the CPU has it
    precision = {'fp32': 'f32', 'bf16': 'bf16', 'int8': 'f32'}[case.precision]
    settings = {
        'INFERENCE_PRECISION_HINT': precision,
        'INFERENCE_NUM_THREADS': str(threads),
        'PERFORMANCE_HINT': 'LATENCY',
    }
    request = core.compile_model(core.read_model(path), 'CPU', settings).create_infer_request()
    images = batch_of(case.batch, case.model.size).numpy()
    return lambda: request.infer([images])[0]
