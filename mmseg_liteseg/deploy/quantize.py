"""INT8 after training, with the loss of mIoU and the gain in speed measured through the runtime that will run it."""

from __future__ import annotations

import itertools
import json
import os
from pathlib import Path
from typing import Callable, Iterable, Iterator

import numpy as np

from mmseg_liteseg.runtime import Segmenter
from mmseg_liteseg.wording import count

from .agreement import DEFAULT_BOUND, DYNAMIC_SIZES, check_comparison
from .data import Example, calibration_examples, pictures_of, scoring_examples, spread
from .errors import DeployError
from .export import check_artefact, describe
from .exporters import ExportOptions, write_artefact
from .fields import check_kind, check_whole
from .folder import make_folder, work_folder
from .graph import make_graph
from .images import find_images
from .instructions import instructions
from .quantizers import KINDS, QuantizeOptions, write_integer
from .score import Score, score
from .source import Source

# Pictures without labels to compare on, where nobody says how many.
_COMPARED = 100


def quantize(
    source: Source,
    export_options: ExportOptions,
    options: QuantizeOptions,
    out: str | Path,
    name: str,
    test_images: int | None = None,
    threads: int = 0,
    say: Callable[[str], None] = print,
) -> list[Path]:
    """Exports a model in float and in INT8 and compares both on the config's test data.

    Args:
        source: The model.
        export_options: Of the float model; of one format, 'onnx' or 'openvino'.
        options: Of the quantisation.
        out: Folder for the artefacts; made if missing.
        name: Of the files: ``NAME.onnx``, ``NAME_int8.onnx``, ``NAME_int8.json``.
        test_images: Number of test pictures to score on; all by default.
        threads: Of the runtime while scoring; 0 leaves it to the library.
        say: Takes the lines of the report.

    Raises:
        DeployError: the float model disagrees with the checkpoint, or INT8 loses too much: nothing is written.
    """
    check_kind('export_options', export_options, ExportOptions)
    check_kind('options', options, QuantizeOptions)
    check_comparison(source, DEFAULT_BOUND, None, None, say)
    check_whole('threads', threads, 0)
    if test_images is not None:
        check_whole('test_images', test_images, 1)
    kind = _check_format(export_options, options)
    files = find_images(options.folder) if options.folder else []  # before seconds of work
    out = make_folder(out, name)
    with work_folder(out, '.quantize-') as folder:
        stem = folder / name
        metadata = describe(source, export_options)
        graph = make_graph(source, metadata.interface, export_options.label_dtype)
        floating = write_artefact(kind, graph, metadata, export_options, stem)
        # a wrong float model would make INT8's loss look small
        check_artefact(floating[0], source, DEFAULT_BOUND, DYNAMIC_SIZES, None, say)
        segmenters = dict(float=Segmenter(floating[0], threads=threads))
        chosen = spread(files, options.images)
        examples = _calibration(source, segmenters['float'], options, chosen)
        inputs = _model_inputs(segmenters['float'], examples, say)
        say(f'calibrating on {count(len(chosen) or options.images, "picture")} ({options.method})')
        integer, kept = write_integer(kind, floating[0], stem.parent / f'{name}_int8', inputs, metadata, options)
        say(f'in float: {", ".join(kept)}')
        segmenters['int8'] = Segmenter(integer[0], threads=threads)
        labelled, examples = _judges(source, segmenters['float'], files, chosen, test_images, say)
        scores = score(segmenters, examples, len(source.classes))
        runtime = f'{segmenters["int8"].runtime}, {instructions()}'
        say(format_scores(scores, source.classes, runtime, labelled))
        report = stem.parent / f'{name}_int8.json'
        record = _to_dict(scores, kept, options, runtime, labelled)
        report.write_text(json.dumps(record, indent=1) + '\n', encoding='utf-8')
        # after the report was said: whoever is refused sees by which class
        _check_loss(scores, options, labelled)
        written = [*floating, *integer, report]
        for file in written:
            os.replace(file, out / file.name)
    return [out / file.name for file in written]


def _check_format(export_options: ExportOptions, options: QuantizeOptions) -> str:
    formats, opset = export_options.formats, export_options.opset
    if len(formats) != 1 or formats[0] not in KINDS:
        raise DeployError(f'format: expected {" or ".join(KINDS)} for INT8, got {", ".join(formats)}')
    if formats[0] == 'onnx' and opset < 13:
        raise DeployError(f'opset: one scale per channel needs 13 or higher, got {opset}')
    if formats[0] == 'openvino' and options.method != 'MinMax':
        raise DeployError(f"method: {options.method} is onnxruntime's; leave it out for OpenVINO")
    return formats[0]


def _calibration(
    source: Source, segmenter: Segmenter, options: QuantizeOptions, chosen: list[Path]
) -> Iterator[Example]:
    """Pictures of the folder, or of the config's training data."""
    return pictures_of(chosen, segmenter.read) if chosen else calibration_examples(source.cfg, options.images)


def _model_inputs(
    segmenter: Segmenter, examples: Iterable[Example], say: Callable[[str], None]
) -> Iterator[np.ndarray]:
    """Each picture as the runtime hands it to the model; says where that changes its aspect."""
    size, told = segmenter.metadata.interface.size, False
    for example in examples:
        height, width = example.image.shape[:2]
        if size and not told and abs(size[0] * width / (size[1] * height) - 1) > 0.01:
            say(
                f'shape: pictures of {height}x{width} are resized to the {size[0]}x{size[1]} of the artefact, which '
                'changes their aspect, as the runtime will do'
            )
            told = True
        for run in segmenter.prepare([example.image]):
            yield run.data


def _judges(
    source: Source,
    segmenter: Segmenter,
    files: list[Path],
    chosen: list[Path],
    limit: int | None,
    say: Callable[[str], None],
) -> tuple[bool, Iterator[Example]]:
    """The config's test data; or, where there are none and a folder is given, its pictures without labels.

    Returns:
        Whether there are labels, and the pictures.
    """
    examples = scoring_examples(source.cfg, limit)
    try:
        # the first one is fetched to find out whether there are any
        return True, itertools.chain([next(examples)], examples)
    except DeployError as error:
        if not files:
            raise
        say(f'no labels to score on ({error}): INT8 is compared with float on pictures of the folder')
    # those that it was not calibrated on, if there are any
    others = [file for file in files if file not in set(chosen)] or files
    return False, pictures_of(spread(others, limit or _COMPARED), segmenter.read)


def format_scores(scores: dict[str, Score], classes: Iterable[str], runtime: str, labelled: bool = True) -> str:
    """IoU per class, mIoU, pixels that changed and time, one column per artefact."""
    names = list(scores)
    tail = [
        ('mIoU' if labelled else 'mIoU with float', [scores[name].mean_iou for name in names]),
        ('% of pixels changed', [100 * scores[name].differing for name in names]),
        ('ms a picture', [scores[name].median_ms for name in names]),
    ]
    rows = [(label, [scores[name].ious[index] for name in names]) for index, label in enumerate(classes)] + tail
    width = max(len(label) for label, _ in rows) + 1
    lines = [f'{"":{width}}' + ''.join(f'{name:>9}' for name in names)]
    lines += [f'{label:{width}}' + ''.join(f'{value:9.2f}' for value in values) for label, values in rows]
    return '\n'.join([*lines, f'in {runtime}; times are medians of whole predictions'])


def _to_dict(scores: dict[str, Score], kept: list[str], options: QuantizeOptions, runtime: str, labelled: bool) -> dict:
    figures = {
        name: dict(
            mIoU=score.mean_iou,
            median_ms=score.median_ms,
            IoU=np.round(score.ious, 4).tolist(),
            differing=score.differing,
        )
        for name, score in scores.items()
    }
    calibration = dict(images=options.images, method=options.method, full_range=options.full_range)
    return dict(scores=figures, labels=labelled, runtime=runtime, float_layers=kept, calibration=calibration)


def _check_loss(scores: dict[str, Score], options: QuantizeOptions, labelled: bool) -> None:
    if labelled:
        loss = scores['float'].mean_iou - scores['int8'].mean_iou
        if not loss <= options.max_loss:
            raise DeployError(f'INT8 loses {loss:.2f} points of mIoU, allowed are {options.max_loss:g}')
    elif scores['int8'].differing > options.max_pixels:
        raise DeployError(
            f'INT8 changes {scores["int8"].differing:.2%} of the pixels, allowed are {options.max_pixels:.2%}'
        )
