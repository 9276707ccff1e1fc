"""INT8 after training, by onnxruntime's static quantisation, with the loss of mIoU and the gain in speed measured."""

from __future__ import annotations

import json
import os
import re
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Callable, Iterable

import numpy as np

from mmseg_liteseg.disk import naming
from mmseg_liteseg.runtime import Segmenter
from mmseg_liteseg.runtime.sizing import network_size, prepare_picture

from .agreement import DEFAULT_BOUND, DYNAMIC_SIZES
from .data import calibration_examples, scoring_examples
from .errors import DeployError, require
from .export import check_artefact, describe
from .exporters import ExportOptions, write_artefact
from .graph import make_graph
from .instructions import instructions
from .metadata import KEY, Metadata
from .score import Score, score
from .source import Source

# Convolutions by the names of their modules: the pooled context, the attention, the classifier.
FLOAT_LAYERS = r'/neck/branches\.|/attention/|/conv_seg/'
_METHODS = ('MinMax', 'Entropy', 'Percentile')


@dataclass(frozen=True)
class QuantizeOptions:
    """How to quantise.

    Attributes:
        images: Number of pictures to calibrate on.
        method: Of onnxruntime's calibration: 'MinMax', 'Entropy' or 'Percentile'.
        symmetric: int8 activations around 0, which TensorRT asks for; uint8 with a zero point otherwise.
        full_range: Weights of 8 bits instead of 7. CPUs without VNNI add products in 16 bits, which 8 bits overflow: T
            fell from 58.1 to 55.5 mIoU on CamVid there, with 7 bits to 57.5. Symmetric models, for TensorRT, have 8.
        float_layers: Regular expression; convolutions and ReLUs whose name it finds stay in float.
        max_loss: Greatest allowed loss of mIoU, in points.

    Raises:
        DeployError: a value is not allowed.
    """

    images: int = 64
    method: str = 'MinMax'
    symmetric: bool = False
    full_range: bool = False
    float_layers: str = FLOAT_LAYERS
    max_loss: float = 0.5

    def __post_init__(self) -> None:
        if self.images < 1:
            raise DeployError(f'images: expected a positive number, got {self.images}')
        if self.method not in _METHODS:
            raise DeployError(f'method: expected one of {", ".join(_METHODS)}, got {self.method!r}')
        try:
            re.compile(self.float_layers)
        except re.error as error:
            raise DeployError(f'float_layers: {self.float_layers!r} is no regular expression ({error})') from None


def quantize(
    source: Source,
    export_options: ExportOptions,
    options: QuantizeOptions,
    out: Path,
    name: str,
    test_images: int | None = None,
    threads: int = 0,
    say: Callable[[str], None] = print,
) -> list[Path]:
    """Exports a model in float and in INT8 and compares both on the config's test data.

    Args:
        source: The model.
        export_options: Of the float model; its formats are not looked at.
        options: Of the quantisation.
        out: Folder for the artefacts; made if missing.
        name: Of the files: ``NAME.onnx``, ``NAME_int8.onnx``, ``NAME_int8.json``.
        test_images: Number of test pictures to score on; all by default.
        threads: Of onnxruntime while scoring; 0 leaves it to the library.
        say: Takes the lines of the report.

    Raises:
        DeployError: the float model disagrees with the checkpoint, or INT8 loses too much mIoU: nothing is written.
    """
    if export_options.opset < 13:
        raise DeployError(f'opset: one scale per channel needs 13 or higher, got {export_options.opset}')
    out.mkdir(parents=True, exist_ok=True)
    with naming(out), tempfile.TemporaryDirectory(dir=out, prefix='.quantize-') as folder:
        stem = Path(folder) / name
        metadata = describe(source, export_options)
        graph = make_graph(source, metadata.interface, export_options.label_dtype)
        (floating,) = write_artefact('onnx', graph, metadata, export_options, stem)
        check_artefact(floating, source, DEFAULT_BOUND, DYNAMIC_SIZES, None, say)
        integer = stem.parent / f'{name}_int8.onnx'
        examples = calibration_examples(source.cfg, options.images)
        say(f'calibrating on {options.images} pictures ({options.method})')
        inputs = (calibration_input(example.image, metadata) for example in examples)
        kept = quantize_file(floating, integer, inputs, options)
        _copy_metadata(floating, integer, options)
        say(f'in float: {", ".join(kept)}')
        segmenters = {name: Segmenter(path, threads=threads) for name, path in (('float', floating), ('int8', integer))}
        scores = score(segmenters, scoring_examples(source.cfg, test_images), len(source.classes))
        runtime = f'{segmenters["int8"].runtime}, {instructions()}'
        say(format_scores(scores, source.classes, runtime))
        report = stem.parent / f'{name}_int8.json'
        report.write_text(json.dumps(_to_dict(scores, kept, options, runtime), indent=1) + '\n', encoding='utf-8')
        _check_loss(scores, options)
        files = [floating, integer, report]
        for file in files:
            os.replace(file, out / file.name)
    return [out / file.name for file in files]


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
        Names of those that stay in float.
    """
    onnx = require('onnx', 'onnx', 'quantisation')
    quantization = require('onnxruntime.quantization', 'onnxruntime', 'quantisation')
    model = onnx.load(str(path))
    kinds = ['Conv'] if options.symmetric else ['Conv', 'Relu']
    kept = [node for node in model.graph.node if node.op_type in kinds and re.search(options.float_layers, node.name)]
    kind = quantization.QuantType
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


def _make_reader(quantization: ModuleType, name: str, inputs: Iterable[np.ndarray]) -> object:
    """Onnxruntime's way of asking for one input after another."""

    class Reader(quantization.CalibrationDataReader):
        def __init__(self) -> None:
            self._inputs = iter(inputs)

        def get_next(self) -> dict | None:
            x = next(self._inputs, None)
            return None if x is None else {name: x}

    return Reader()


def _copy_metadata(source: Path, target: Path, options: QuantizeOptions) -> None:
    """Onnxruntime drops the metadata; notes the quantisation there."""
    onnx = require('onnx', 'onnx', 'quantisation')
    (text,) = [entry.value for entry in onnx.load(str(source)).metadata_props if entry.key == KEY]
    metadata = Metadata.from_json(text, str(source))
    full_range = options.full_range or options.symmetric
    tools = dict(metadata.tools, quantization=options.method, full_range=full_range, measured_on=instructions())
    metadata = replace(metadata, tools=tools)
    model = onnx.load(str(target))
    del model.metadata_props[:]
    onnx.helper.set_model_props(model, {KEY: metadata.to_json()})
    onnx.save(model, str(target))


def calibration_input(picture: np.ndarray, metadata: Metadata) -> np.ndarray:
    """A BGR picture (H, W, C) as the runtime would hand it to the model."""
    size = network_size(picture.shape[:2], metadata.interface, metadata.steps)
    prepared = prepare_picture(picture, size, metadata.interface, metadata.steps)
    return metadata.interface.prepare(prepared[None])


def format_scores(scores: dict[str, Score], classes: Iterable[str], runtime: str) -> str:
    """IoU per class, mIoU and time, one column per artefact."""
    names = list(scores)
    width = max(map(len, (*classes, 'ms a picture'))) + 1
    lines = [f'{"":{width}}' + ''.join(f'{name:>9}' for name in names)]
    for index, label in enumerate(classes):
        lines.append(f'{label:{width}}' + ''.join(f'{scores[name].ious[index]:9.2f}' for name in names))
    lines.append(f'{"mIoU":{width}}' + ''.join(f'{scores[name].mean_iou:9.2f}' for name in names))
    lines.append(f'{"ms a picture":{width}}' + ''.join(f'{scores[name].median_ms:9.2f}' for name in names))
    return '\n'.join([*lines, f'in {runtime}; times are medians of whole predictions'])


def _to_dict(scores: dict[str, Score], kept: list[str], options: QuantizeOptions, runtime: str) -> dict:
    figures = {
        name: dict(mIoU=score.mean_iou, median_ms=score.median_ms, IoU=np.round(score.ious, 4).tolist())
        for name, score in scores.items()
    }
    calibration = dict(images=options.images, method=options.method, full_range=options.full_range)
    return dict(scores=figures, runtime=runtime, float_layers=kept, calibration=calibration)


def _check_loss(scores: dict[str, Score], options: QuantizeOptions) -> None:
    loss = scores['float'].mean_iou - scores['int8'].mean_iou
    if not loss <= options.max_loss:
        raise DeployError(f'INT8 loses {loss:.2f} points of mIoU, allowed are {options.max_loss:g}')
