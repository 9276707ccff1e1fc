"""TensorRT engines from ONNX files, by the Python API of TensorRT 8.5 to 10.

NOT RUN: written from NVIDIA's documentation; no machine with TensorRT was at hand. The names it uses were looked up in
the Python bindings of 8.6, 10.3 and 10.13; TensorRT 11 has no FP16 and INT8 flags any more.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Sequence

import numpy as np
import torch
import torch.nn.functional as F

from mmseg_liteseg.disk import naming

from .agreement import HEADER, Bound, Row, format_row, judge, judge_labels
from .errors import DeployError, require
from .export import check_rows
from .fields import brief, check_choice, check_kind, check_path, check_whole
from .images import images_of
from .metadata import Interface
from .runners import Runner, open_artefact

Shape = tuple  # (N, C, H, W) or (N, H, W, C)


@dataclass(frozen=True)
class EngineOptions:
    """How to build an engine.

    Attributes:
        fp16: Allows half precision.
        int8: Takes the INT8 of a quantised ONNX file (tools/quantize.py --symmetric).
        tf32: Allows TF32 for what stays in float32; its ten bits of mantissa show in the agreement.
        shapes: Smallest, usual and greatest input of a dynamic model; one entry stands for all three.
        workspace_mib: Memory that TensorRT may use while it tries kernels.

    Raises:
        DeployError: a value is not allowed.
    """

    fp16: bool = False
    int8: bool = False
    tf32: bool = False
    shapes: tuple[Shape, ...] = ()
    workspace_mib: int = 2048

    def __post_init__(self) -> None:
        for name in ('fp16', 'int8', 'tf32'):
            check_choice(name, getattr(self, name), (True, False))
        check_whole('workspace_mib', self.workspace_mib, 1)
        if not isinstance(self.shapes, (list, tuple)):
            raise DeployError(f'shapes: expected a list of shapes, got {brief(self.shapes)}')
        for shape in self.shapes:
            if not isinstance(shape, (list, tuple)) or len(shape) != 4:
                raise DeployError(f'shapes: expected four numbers such as (1, 3, 512, 1024), got {brief(shape)}')
            for side in shape:
                check_whole('shapes', side, 1)


def parse_shape(text: str) -> Shape:
    """Reads 1x3x512x1024.

    Raises:
        DeployError: it is no such text.
    """
    if not isinstance(text, str) or not re.fullmatch(r'[1-9]\d*(x[1-9]\d*){3}', text):
        raise DeployError(f'shapes: expected four numbers such as 1x3x512x1024, got {brief(text)}')
    return tuple(int(side) for side in text.split('x'))


def build(onnx_path: Path, out: Path, options: EngineOptions, bound: Bound, say: Callable[[str], None] = print) -> None:
    """Builds an engine, compares it with the ONNX file in onnxruntime, and then puts it where it was asked.

    Beside the engine goes ``OUT.json``, the metadata of the ONNX file: an engine has no place for it.

    Raises:
        DeployError: TensorRT is not installed, the file or the shapes do not fit, or the answers are out of bound;
            nothing is written then.
    """
    onnx_path, out = check_path('artefact', onnx_path), check_path('out', out)
    check_kind('options', options, EngineOptions)
    check_kind('bound', bound, Bound)
    trt = require('tensorrt', 'tensorrt', 'building an engine')
    source = open_artefact(onnx_path)
    check_options(source, onnx_path, options)
    plan = _build_plan(trt, onnx_path, options)
    out.parent.mkdir(parents=True, exist_ok=True)
    temporary = out.with_name(f'.{os.getpid()}-{out.stem}.engine')
    try:
        with naming(out):
            temporary.write_bytes(plan)
        engine = open_artefact(temporary)
        say(f'{out.name} in {engine.runtime} against {onnx_path.name} in {source.runtime}:\n{HEADER}')
        rows = compare_with_onnx(source, engine, options, bound, say)
        check_rows(rows, out.name, bound)
        if source.metadata:
            out.with_name(f'{out.name}.json').write_text(source.metadata.to_json(), encoding='utf-8')
        os.replace(temporary, out)
    finally:
        if temporary.exists():
            temporary.unlink()


def check_options(source: Runner, path: Path, options: EngineOptions) -> None:
    """Raises unless shapes and precision fit the ONNX file.

    Raises:
        DeployError: names the option.
    """
    dynamic = any(side is None for side in source.input_shape)
    if dynamic and len(options.shapes) not in (1, 3):
        raise DeployError(f'shapes: {path} takes any size; expected one shape, or the smallest, usual and greatest')
    if not dynamic and options.shapes:
        raise DeployError(f'shapes: {path} takes only {"x".join(map(str, source.input_shape))}')
    for shape in options.shapes:
        if any(own not in (None, side) for own, side in zip(source.input_shape, shape)):
            raise DeployError(f'shapes: {"x".join(map(str, shape))} does not fit the input {source.input_shape}')
    if options.shapes and any(list(sides) != sorted(sides) for sides in zip(*options.shapes)):
        raise DeployError('shapes: expected each side to grow from the smallest over the usual to the greatest')
    if options.int8 and not _is_quantized(path):
        raise DeployError(f'int8: {path} is not quantised; make it with tools/quantize.py --symmetric')


def compare_with_onnx(
    source: Runner, engine: Runner, options: EngineOptions, bound: Bound, say: Callable[[str], None]
) -> list[Row]:
    """Runs both on the same pictures, at every shape of the options."""
    interface = source.metadata.interface if source.metadata else None
    if interface is None:
        raise DeployError('the ONNX file holds no metadata: make it with tools/export.py')
    rows = []
    for shape in dict.fromkeys(options.shapes) or [tuple(source.input_shape)]:
        height, width = shape[1:3] if interface.layout == 'NHWC' else shape[2:4]
        # against the ONNX file, which was compared with the model when it was made
        x = interface.prepare(images_of((height, width), shape[0], len(interface.mean)))
        rows.append(_judge(source(x), engine(x), (height, width), interface, bound))
        say(format_row(rows[-1]))
    return rows


def _judge(expected: np.ndarray, found: np.ndarray, size: Sequence[int], interface: Interface, bound: Bound) -> Row:
    reference = torch.from_numpy(expected)
    if interface.output == 'labels':
        return judge_labels(reference.long(), found, bound)
    if interface.output == 'scores':
        reference = F.interpolate(reference, size, mode='bilinear', align_corners=interface.align_corners)
    return judge(reference, found, interface, bound)


def _build_plan(trt: object, path: Path, options: EngineOptions) -> bytes:
    """ONNX file -> serialised engine."""
    logger = trt.Logger(trt.Logger.WARNING)
    builder = trt.Builder(logger)
    # TensorRT 8 wants the flag, 10 knows nothing else and ignores it
    explicit = getattr(trt.NetworkDefinitionCreationFlag, 'EXPLICIT_BATCH', None)
    network = builder.create_network(0 if explicit is None else 1 << int(explicit))
    parser = trt.OnnxParser(network, logger)
    if not parser.parse(path.read_bytes()):
        errors = '; '.join(str(parser.get_error(index)) for index in range(parser.num_errors))
        raise DeployError(f'{path}: TensorRT cannot read it ({errors})')
    config = builder.create_builder_config()
    config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, options.workspace_mib << 20)
    _set_precision(trt, config, options)
    if options.shapes:
        smallest, usual, greatest = options.shapes if len(options.shapes) == 3 else options.shapes * 3
        profile = builder.create_optimization_profile()
        profile.set_shape(network.get_input(0).name, smallest, usual, greatest)
        config.add_optimization_profile(profile)
    plan = builder.build_serialized_network(network, config)
    if plan is None:
        raise DeployError(f'{path}: TensorRT built no engine; its messages are above')
    return bytes(plan)


def _set_precision(trt: object, config: object, options: EngineOptions) -> None:
    for name, wanted in (('FP16', options.fp16), ('INT8', options.int8), ('TF32', options.tf32)):
        flag = getattr(trt.BuilderFlag, name, None)
        if flag is not None:
            (config.set_flag if wanted else config.clear_flag)(flag)
        elif name == 'FP16' and wanted:
            raise DeployError(
                f'fp16: TensorRT {trt.__version__} takes every type from the file; use TensorRT 8.5 to 10'
            )


def _is_quantized(path: Path) -> bool:
    onnx = require('onnx', 'onnx', '--int8')
    return any(node.op_type == 'QuantizeLinear' for node in onnx.load(str(path)).graph.node)
