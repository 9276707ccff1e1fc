"""Export with proof: an artefact is written, run in its own runtime, compared, and only then put where it was asked."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Callable, Sequence

import torch

from mmseg_liteseg.runtime import Segmenter
from mmseg_liteseg.version import __version__

from .agreement import (
    DEFAULT_BOUND,
    DYNAMIC_SIZES,
    HEADER,
    Bound,
    Row,
    check_comparison,
    compare,
    format_row,
    sizes_to_check,
    to_dicts,
)
from .errors import DeployError
from .exporters import ExportOptions, write_artefact
from .fields import check_kind
from .folder import make_folder, work_folder
from .graph import interface_of, make_graph
from .metadata import KEY, Metadata
from .runners import open_artefact
from .source import Source
from .whole_way import compare_files


def export(
    source: Source,
    options: ExportOptions,
    out: str | Path,
    name: str,
    bound: Bound = DEFAULT_BOUND,
    sizes: Sequence[tuple[int, int]] = DYNAMIC_SIZES,
    images: str | None = None,
    say: Callable[[str], None] = print,
) -> list[Path]:
    """Exports a model in every format asked for, or in none.

    Args:
        source: The model.
        options: What to export.
        out: Folder for the artefacts; made if missing.
        name: Of the files, without suffix.
        bound: What counts as agreement.
        sizes: (H, W) at which a dynamic artefact is compared.
        images: Folder of pictures to compare on; street scenes are drawn otherwise.
        say: Takes the lines of the report.

    Returns:
        The files, among them ``NAME.agreement.json``.

    Raises:
        DeployError: an export failed, or an artefact's answers are out of bound; nothing is written then.
    """
    check_kind('options', options, ExportOptions)
    check_comparison(source, bound, sizes, images, say)
    out = make_folder(out, name)
    with work_folder(out, '.export-') as folder:
        stem, written, report = folder / name, [], {}
        for kind in options.formats:
            files, report[kind] = _export_one(kind, source, options, stem, bound, sizes, images, say)
            written += files
        record = stem.parent / f'{name}.agreement.json'
        record.write_text(json.dumps(report, indent=1) + '\n', encoding='utf-8')
        written.append(record)
        # only now, when all formats have agreed with the model
        for file in written:
            os.replace(file, out / file.name)
    return [out / file.name for file in written]


def check_artefact(
    path: Path,
    source: Source,
    bound: Bound,
    sizes: Sequence[tuple[int, int]],
    images: str | None,
    say: Callable[[str], None],
) -> dict:
    """Compares an artefact that holds metadata with its model.

    Returns:
        The report: runtime and rows.

    Raises:
        DeployError: the answers are out of bound.
    """
    runner = open_artefact(path)
    if runner.metadata is None:
        raise DeployError(f'artefact {path}: holds no metadata')
    interface = runner.metadata.interface
    say(f'{path.name} in {runner.runtime} against the model:\n{HEADER}')
    rows = compare(
        source,
        runner,
        interface,
        sizes_to_check(interface, sizes),
        bound,
        images,
        on_row=lambda row: say(format_row(row)),
    )
    check_rows(rows, path.name, bound)
    files = compare_files(source, Segmenter(path, runner=runner), images, bound, say)
    return dict(runtime=runner.runtime, rows=to_dicts(rows), files=files)


def check_rows(rows: Sequence[Row], name: str, bound: Bound) -> None:
    """Raises unless all rows are within the bound.

    Raises:
        DeployError: names the sizes.
    """
    failed = [f'{row.height}x{row.width}' for row in rows if not row.passed]
    if failed:
        raise DeployError(
            f'{name} does not agree with the model at {", ".join(failed)}: allowed are a difference of '
            f'{bound.relative:g} of the greatest logit and {bound.pixels:.4%} of the pixels'
        )


def describe(source: Source, options: ExportOptions) -> Metadata:
    """Metadata of an artefact to be."""
    interface = interface_of(
        source,
        options.output,
        options.size,
        options.fixed_batch,
        options.raw,
        options.color,
        options.resize_inside,
    )
    steps = tuple(step for step in source.steps if step not in interface.inside)
    tools = {KEY: __version__, 'torch': torch.__version__}
    return Metadata(interface, source.classes, source.palette, steps, source.files, tools, color_type=source.color_type)


def _export_one(
    kind: str,
    source: Source,
    options: ExportOptions,
    stem: Path,
    bound: Bound,
    sizes: Sequence[tuple[int, int]],
    images: str | None,
    say: Callable[[str], None],
) -> tuple[list[Path], dict]:
    metadata = describe(source, options)
    graph = make_graph(source, metadata.interface, options.label_dtype)
    files = write_artefact(kind, graph, metadata, options, stem)
    return files, check_artefact(files[0], source, bound, sizes, images, say)
