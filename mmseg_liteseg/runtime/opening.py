"""Opens a model and makes sure that what is known of it fits the file."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Mapping

from mmseg_liteseg.deploy.errors import DeployError
from mmseg_liteseg.deploy.fields import brief, check_path
from mmseg_liteseg.deploy.instructions import saturates
from mmseg_liteseg.deploy.metadata import Interface, Metadata
from mmseg_liteseg.deploy.runners import Runner, open_artefact

SUFFIXES = ('.onnx', '.xml')


def open_model(
    path: Path,
    threads: int,
    device: str | None,
    options: Mapping[str, str] | None,
    metadata: Metadata | None,
    runner: Runner | None = None,
    streams: int = 1,
) -> tuple[Runner, Metadata]:
    """Opens a file of onnxruntime or OpenVINO.

    Args:
        path: ``.onnx``, or OpenVINO's ``.xml`` with its ``.bin`` beside it.
        threads: Of the runtime; 0 leaves it to the runtime.
        device: See ``open_artefact``.
        options: See ``open_artefact``.
        metadata: For files that hold none; wins over the file's own.
        runner: The file where it is open already.
        streams: See ``open_artefact``.

    Returns:
        The model and what is known of it.

    Raises:
        DeployError: the file cannot be run, says nothing of itself, or contradicts what is said of it.
    """
    if not path.exists():
        raise DeployError(f'model {path}: no such file')
    if runner is None:
        if path.suffix not in SUFFIXES or not path.is_file():
            raise DeployError(f'model {path}: expected .onnx, or the .xml of OpenVINO')
        runner = open_artefact(path, threads, device, options, streams)
    if metadata is not None and not isinstance(metadata, Metadata):
        raise DeployError(f'metadata: expected Metadata(...), got {brief(metadata)} (read_metadata reads files)')
    # the caller's word first: files of others may hold wrong ones
    metadata = metadata or runner.metadata
    if metadata is None:
        raise DeployError(
            f'model {path}: it says nothing of its input (order of channels, mean, std), its output and its classes, '
            'as files of tools/export.py do. Give them as metadata (in Python: metadata=Metadata(...), on the command '
            'line: --metadata FILE.json); docs/deploy/README.md lists the fields'
        )
    # a wrong order of channels or layout would give masks, only worse ones: what can be compared is
    check_metadata(runner, metadata.interface, str(path))
    if metadata.tools.get('full_range') and saturates():
        warnings.warn(
            f'model {path}: its INT8 weights use all 8 bits, and this CPU has no VNNI: sums overflow, and masks are '
            f'worse than where it was made ({metadata.tools.get("measured_on")}). Quantise without --full-range'
        )
    return runner, metadata


def read_metadata(path: str | Path) -> Metadata:
    """Reads metadata from a JSON file, see docs/deploy/README.md.

    Raises:
        DeployError: there is no such file, or a field is missing or wrong.
    """
    path = check_path('metadata', path)
    try:
        text = path.read_text(encoding='utf-8')
    except (OSError, UnicodeDecodeError) as error:
        raise DeployError(f'metadata {path}: cannot be read ({error})') from None
    return Metadata.from_json(text, str(path))


def check_metadata(runner: Runner, interface: Interface, name: str) -> None:
    """Compares what is said of a model's input with the input that its runtime shows.

    Raises:
        DeployError: names the field.
    """
    channels = {'gray': 1, 'bands': len(interface.mean)}.get(interface.color, 3)
    for field in ('mean', 'std'):
        if len(getattr(interface, field)) != channels:
            raise DeployError(
                f'model {name}: {field} has {len(getattr(interface, field))} values, color {interface.color!r} needs '
                f'{channels}'
            )
    if runner.input_dtype not in (None, interface.dtype):
        raise DeployError(f'model {name}: its metadata say dtype {interface.dtype}, it takes {runner.input_dtype}')
    if runner.input_shape is None:
        return
    height, width = interface.size or (None, None)
    sides = (height, width, channels) if interface.layout == 'NHWC' else (channels, height, width)
    said, shown = [interface.batch, *sides], list(runner.input_shape)
    if len(shown) != 4 or any(side not in (None, expected) for side, expected in zip(shown, said)):
        raise DeployError(
            f'model {name}: its metadata say an input of {_format(said)} ({interface.layout}), it takes '
            f'{_format(shown)}'
        )


def _format(shape: list[int | None]) -> str:
    return ' x '.join('any' if side is None else str(side) for side in shape)
