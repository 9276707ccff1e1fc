"""INT8 ONNX by onnxruntime's static quantisation."""

from __future__ import annotations

import logging
import re
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Iterable, Iterator

import numpy as np

from ..errors import require
from ..instructions import instructions
from ..metadata import KEY, Metadata
from .options import QuantizeOptions


def write(
    path: Path, stem: Path, inputs: Iterable[np.ndarray], metadata: Metadata, options: QuantizeOptions
) -> tuple[list[Path], list[str]]:
    """Writes ``stem.onnx``; see ``write_integer``."""
    target = stem.parent / f'{stem.name}.onnx'
    kept = quantize_file(path, target, inputs, options)
    _set_metadata(target, metadata, options)
    return [target], kept


def quantize_file(path: Path, target: Path, inputs: Iterable[np.ndarray], options: QuantizeOptions) -> list[str]:
    """Quantises the convolutions of an ONNX file; its metadata are lost.

    What comes out of a convolution is quantised once, behind its ReLU: with a zero point the range of uint8 is the
    ReLU, which disappears; int8 around 0 cannot be one, so it is applied in float.

    Args:
        path: Float model with one input.
        target: Is written.
        inputs: What the model is calibrated on, one array at a time.
        options: Of the quantisation.

    Returns:
        Names of the convolutions that stay in float.
    """
    onnx = require('onnx', 'onnx', 'quantisation')
    quantization = require('onnxruntime.quantization', 'onnxruntime', 'quantisation')
    model = onnx.load(str(path))
    kinds = ['Conv'] if options.symmetric else ['Conv', 'Relu']
    kept = [node for node in model.graph.node if node.op_type in kinds and re.search(options.float_layers, node.name)]
    kind = quantization.QuantType
    with _quiet():
        quantization.quantize_static(
            str(path),
            str(target),
            _make_reader(quantization, model.graph.input[0].name, inputs),
            quant_format=quantization.QuantFormat.QDQ,
            op_types_to_quantize=kinds,
            nodes_to_exclude=[node.name for node in kept],
            per_channel=True,
            reduce_range=not (options.full_range or options.symmetric),
            activation_type=kind.QInt8 if options.symmetric else kind.QUInt8,
            weight_type=kind.QInt8,
            calibrate_method=getattr(quantization.CalibrationMethod, options.method),
            extra_options=dict(
                ActivationSymmetric=options.symmetric,
                WeightSymmetric=True,
                OpTypesToExcludeOutputQuantization=['Conv'] if options.symmetric else [],
            ),
        )
    return [node.name for node in kept if node.op_type == 'Conv']


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the advice to run a pre-processing, which the export has done: it went to the root logger."""
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


def _make_reader(quantization: ModuleType, name: str, inputs: Iterable[np.ndarray]) -> object:
    """Onnxruntime's way of asking for one input after another."""

    class Reader(quantization.CalibrationDataReader):
        def __init__(self) -> None:
            self._inputs = iter(inputs)

        def get_next(self) -> dict | None:
            x = next(self._inputs, None)
            return None if x is None else {name: x}

    return Reader()


def _set_metadata(path: Path, metadata: Metadata, options: QuantizeOptions) -> None:
    """Onnxruntime drops the metadata; notes the quantisation there."""
    onnx = require('onnx', 'onnx', 'quantisation')
    full_range = options.full_range or options.symmetric
    noted = dict(quantization=options.method, full_range=full_range, measured_on=instructions())
    metadata = replace(metadata, tools=dict(metadata.tools, **noted))
    model = onnx.load(str(path))
    del model.metadata_props[:]
    onnx.helper.set_model_props(model, {KEY: metadata.to_json()})
    onnx.save(model, str(path))
