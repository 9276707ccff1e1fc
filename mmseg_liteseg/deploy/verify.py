"""Agreement of files made elsewhere: by TensorRT, mmdeploy, a vendor's converter, or an earlier export."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Callable, Sequence

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
)
from .errors import DeployError
from .export import check_rows
from .fields import check_choice, check_path
from .graph import interface_of
from .images import images_of
from .metadata import COLORS, DTYPES, Interface
from .runners import Runner, open_artefact
from .runners.recorded import record_input
from .source import Source


def find_interface(source: Source, runner: Runner | None = None, **stated: object) -> Interface:
    """What an artefact takes and gives: its metadata, else what its input looks like, else the network's own.

    Args:
        source: The model.
        runner: The artefact, if there is one already.
        **stated: Fields of Interface that the user states, None for those left open; they win.

    Raises:
        DeployError: a stated value is not allowed.
    """
    given = {key: value for key, value in stated.items() if value is not None}
    for key, value in given.items():
        check_choice('interface', key, tuple(field.name for field in fields(Interface)))
        check_choice(key, value, dict(color=COLORS, dtype=DTYPES).get(key, (value,)))
    interface = runner.metadata.interface if runner is not None and runner.metadata else None
    if interface is None:
        shape = list(runner.input_shape or []) if runner is not None else []
        raw = given.get('dtype') == 'uint8' or (runner is not None and runner.input_dtype == 'uint8')
        interface = interface_of(source, raw=raw)
        # files of others say nothing of themselves but their input's shape
        interface = replace(interface, **_read_shape(shape, len(interface.mean)))
    if {given.get('color', interface.color), interface.color} == {'rgb', 'bgr'}:
        given.update(mean=interface.mean[::-1], std=interface.std[::-1])
    if 'size' in given and interface.batch is None and (runner is None or not runner.input_shape):
        given.setdefault('batch', 1)  # a device's programs take one picture, unless the user says otherwise
    return replace(interface, **given)


def verify(
    path: str | Path,
    source: Source,
    sizes: Sequence[tuple[int, int]] | None = None,
    bound: Bound = DEFAULT_BOUND,
    images: str | None = None,
    say: Callable[[str], None] = print,
    **stated: object,
) -> list[Row]:
    """Compares an artefact with its model.

    Args:
        path: See ``open_artefact``.
        source: The model.
        sizes: (H, W) to compare at; by default the artefact's own, or DYNAMIC_SIZES.
        bound: What counts as agreement.
        images: Folder of pictures to compare on; street scenes are drawn otherwise.
        say: Takes the lines of the report.
        **stated: Fields of Interface that the artefact does not say itself.

    Raises:
        DeployError: it cannot run, or its answers are out of bound.
    """
    check_comparison(source, bound, sizes, images, say)
    path = check_path('artefact', path)
    runner = open_artefact(path)
    interface = find_interface(source, runner, **stated)
    checks = _checks(interface, sizes)
    if runner.metadata is None and stated.get('output') is None:
        interface = replace(interface, output=_try_output(runner, interface, checks[0], images))
    say(f'{path.name} in {runner.runtime} against the model:\n{HEADER}')
    rows = compare(source, runner, interface, checks, bound, images, on_row=lambda row: say(format_row(row)))
    check_rows(rows, path.name, bound)
    return rows


def dump_inputs(
    folder: Path,
    source: Source,
    sizes: Sequence[tuple[int, int]] | None = None,
    images: str | None = None,
    **stated: object,
) -> list[Path]:
    """Writes the inputs for a device that only its own programs can run, see ``RecordedRunner``.

    Raises:
        DeployError: an argument is wrong, or nothing can be written into the folder.
    """
    check_comparison(source, DEFAULT_BOUND, sizes, images, print)
    folder = check_path('folder', folder)
    interface = find_interface(source, **stated)
    return [
        record_input(folder, interface.prepare(images_of((height, width), batch, len(interface.mean), images, source)))
        for batch, height, width in _checks(interface, sizes)
    ]


def _checks(interface: Interface, sizes: Sequence[tuple[int, int]] | None) -> list[tuple[int, int, int]]:
    if interface.size and sizes and list(sizes) != [interface.size]:
        raise DeployError(f'sizes: this artefact takes only {interface.size[0]}x{interface.size[1]}')
    return sizes_to_check(interface, sizes or DYNAMIC_SIZES)


def _try_output(runner: Runner, interface: Interface, check: tuple[int, int, int], images: str | None) -> str:
    """What an artefact gives: integers are labels, anything smaller than the input is scores."""
    batch, *size = check
    answer = runner(interface.prepare(images_of(tuple(size), batch, len(interface.mean), images)))
    if answer.dtype.kind in 'iu':
        return 'labels'
    return 'logits' if list(answer.shape[2:]) == size else 'scores'


def _read_shape(shape: Sequence[int | None], channels: int) -> dict:
    """Fields of Interface that show in the shape of an input."""
    if len(shape) != 4:
        return {}
    layout = 'NHWC' if shape[3] == channels else 'NCHW'
    height, width = shape[1:3] if layout == 'NHWC' else shape[2:4]
    return dict(layout=layout, batch=shape[0], size=(height, width) if height and width else None)
