"""ONNX through torch's tracing exporter, which needs no further library to write opset 11."""

from __future__ import annotations

import inspect
from pathlib import Path

import torch

from ..errors import require
from ..graph import DeployGraph
from ..metadata import KEY, Interface, Metadata
from .options import ExportOptions
from .tracing import example_input, quiet_tracing


def export(graph: DeployGraph, metadata: Metadata, options: ExportOptions, stem: Path) -> list[Path]:
    """Writes ``stem.onnx``."""
    onnx = require('onnx', 'onnx', 'export to ONNX')
    path = stem.parent / f'{stem.name}.onnx'
    trace(graph, metadata.interface, options, path)
    _simplify(path)
    model = onnx.load(str(path))
    if options.half:
        model = _to_half(model)
    _drop_unused_domains(model)
    _set_metadata(model, metadata)
    _set_classes(model, metadata)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
    return [path]


def trace(graph: DeployGraph, interface: Interface, options: ExportOptions, path: Path) -> None:
    """Writes the graph as torch's exporter makes it."""
    arguments = dict(
        opset_version=options.opset,
        input_names=['image'],
        output_names=[interface.output],
        dynamic_axes=_dynamic_axes(interface) or None,
    )
    if 'dynamo' in inspect.signature(torch.onnx.export).parameters:
        arguments['dynamo'] = False  # the newer exporter wants opset 18 and another library
    with quiet_tracing():
        torch.onnx.export(graph, (example_input(interface, options),), str(path), **arguments)


def _simplify(path: Path) -> None:
    """Folds constants: a graph of one size is left without any arithmetic on shapes, which NPUs cannot do."""
    ort = require('onnxruntime', 'onnxruntime', 'export to ONNX')
    session = ort.SessionOptions()
    # basic: only what stays within ONNX's own operators
    session.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
    session.optimized_model_filepath = str(path)
    session.log_severity_level = 3
    ort.InferenceSession(path.read_bytes(), session, providers=['CPUExecutionProvider'])


def _to_half(model: object) -> object:
    """Weights and features in float16, with casts at the input and the output."""
    float16 = require('onnxruntime.transformers.float16', 'onnxruntime', '--half')
    # sums over many pixels overflow or lose their digits in half precision: SPPM's and the attention's means
    blocked = [*float16.DEFAULT_OP_BLOCK_LIST, 'ReduceMean', 'Resize']
    half = float16.convert_float_to_float16(model, keep_io_types=True, op_block_list=blocked)
    tools = require('onnxruntime.transformers.onnx_model', 'onnxruntime', '--half')
    tools.OnnxModel.graph_topological_sort(half.graph)  # the casts were put at the end
    return half


def _drop_unused_domains(model: object) -> None:
    """Onnxruntime declares all that it knows; other readers refuse domains that they do not know."""
    used = {node.domain for node in model.graph.node}
    kept = [entry for entry in model.opset_import if entry.domain in used]
    del model.opset_import[:]
    model.opset_import.extend(kept)


def _set_metadata(model: object, metadata: Metadata) -> None:
    entry = model.metadata_props.add()
    entry.key, entry.value = KEY, metadata.to_json()
    model.producer_name, model.producer_version = KEY, str(metadata.tools.get(KEY, ''))


def _set_classes(model: object, metadata: Metadata) -> None:
    """Says how many channels logits have: the exporter loses the number where height and width are open."""
    if metadata.interface.output != 'labels':
        channels = model.graph.output[0].type.tensor_type.shape.dim[1]
        channels.dim_value = 1 if metadata.interface.threshold is not None else len(metadata.classes)


def _dynamic_axes(interface: Interface) -> dict[str, dict[int, str]]:
    """Names of the sides that are open: the number of images, height and width, or both."""
    first = 1 if interface.layout == 'NHWC' else 2
    flat = interface.output == 'labels' and not interface.multi_label
    suffix = '_8' if interface.output == 'scores' else ''
    inputs, outputs = {}, {}
    if interface.batch is None:
        inputs[0] = outputs[0] = 'batch'
    if interface.size is None:
        inputs.update({first: 'height', first + 1: 'width'})
        row = 1 if flat else 2
        outputs.update({row: f'height{suffix}', row + 1: f'width{suffix}'})
    return {'image': inputs, interface.output: outputs} if inputs else {}
