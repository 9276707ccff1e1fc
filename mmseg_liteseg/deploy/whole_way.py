"""Agreement over the whole way of a user: a picture's file to a mask, by mmseg's inference_model and by the runtime."""

from __future__ import annotations

import copy
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Callable, Iterator, Sequence

import numpy as np
from mmseg.apis import inference_model

from mmseg_liteseg.runtime import Segmenter

from .agreement import Bound
from .errors import DeployError
from .images import find_images, images_of, write_image
from .metadata import Metadata
from .source import Source
from .steps import size_after

# (H, W) of the drawn pictures: landscape and portrait, no side a multiple of 32
SIZES = ((270, 486), (374, 250))
_MOST_FILES = 4
# Pixels of a picture that may differ whatever the share: OpenCV and torch round resizes in another order.
_TIES = 4


@dataclass(frozen=True)
class FileRow:
    """Agreement on one picture.

    Attributes:
        name: Of the file.
        height: Of the picture.
        width: Of the picture.
        differing: Pixels with another label.
        pixels: Of the picture.
        reason: Why the way of this artefact is known to differ from inference_model's; None where it must not.
        passed: Within the bound, or with a reason.
    """

    name: str
    height: int
    width: int
    differing: int
    pixels: int
    reason: str | None
    passed: bool


def compare_files(
    source: Source, segmenter: Segmenter, images: str | None, bound: Bound, say: Callable[[str], None]
) -> list[dict]:
    """Labels the same files both ways.

    Args:
        source: The model, with its config's test pipeline.
        segmenter: The artefact.
        images: Folder of pictures, the first four of which are taken; street scenes are drawn otherwise.
        bound: What counts as agreement.
        say: Takes the lines of the report.

    Returns:
        The rows, as dicts for a JSON file.

    Raises:
        DeployError: a mask differs in more pixels than the bound allows, for no reason that is known.
    """
    say(f'whole way: files in {segmenter.runtime} by mmseg_liteseg.runtime against inference_model')
    channels = len(segmenter.metadata.interface.mean)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for path in find_images(images)[:_MOST_FILES] if images else _draw(Path(folder), channels, source):
            rows.append(_compare(source, segmenter, path, bound))
            say(format_row(rows[-1]))
    failed = [row for row in rows if not row.passed]
    if failed:
        raise DeployError(
            f'{segmenter.path.name}: the mask of {failed[0].name} differs from that of inference_model in '
            f'{failed[0].differing / failed[0].pixels:.2%} of the pixels, allowed are {bound.pixels:.4%}'
        )
    return [asdict(row) for row in rows]


def format_row(row: FileRow) -> str:
    """One line of the report."""
    share = f'{row.differing} of {row.pixels} ({row.differing / row.pixels:.4%})'
    verdict = '' if row.passed else '  TOO MUCH'
    return f'{f"{row.height}x{row.width}":>11} {share:>30}  {row.reason or row.name}{verdict}'


def reason_to_differ(metadata: Metadata, size: Sequence[int]) -> str | None:
    """What sets the artefact's way apart from inference_model's for a picture (H, W), if anything does."""
    interface = metadata.interface
    wanted = size_after(tuple(size), metadata.steps)
    if interface.size and tuple(interface.size) != wanted:
        own = 'x'.join(map(str, interface.size))
        return f"resized to the artefact's {own}, the config says {wanted[0]}x{wanted[1]}"
    if interface.output == 'labels' and wanted != tuple(size):
        return 'labels are resized, not logits: export --output scores for the masks of inference_model'
    floats = any(step['type'] == 'ToFloat32' for step in metadata.steps)
    if interface.inside:
        return None if floats else 'the resize inside computes with fractions, the config rounds to whole numbers'
    if interface.dtype == 'uint8' and any(step['type'] in ('ToFloat32', 'RGB2Gray') for step in metadata.steps):
        return 'the artefact takes whole numbers, the config has fractions'
    return None


def _compare(source: Source, segmenter: Segmenter, path: Path, bound: Bound) -> FileRow:
    source.model.cfg = copy.deepcopy(source.cfg)  # inference_model changes its pipeline
    source.model.cfg.test_pipeline = copy.deepcopy(source.pipeline)
    expected = inference_model(source.model, str(path)).pred_sem_seg.data.numpy()
    if not segmenter.metadata.interface.multi_label:
        expected = expected[0]
    found = segmenter.predict(segmenter.read(path))
    if found.shape != expected.shape:
        raise DeployError(f'{path.name}: the mask has shape {found.shape}, that of inference_model {expected.shape}')
    differing = int(np.count_nonzero(found != expected))
    size = expected.shape[-2:]
    reason = reason_to_differ(segmenter.metadata, size)
    # a known reason is told and not refused: the export was asked for in this form
    passed = reason is not None or differing <= max(bound.pixels * expected.size, _TIES)
    return FileRow(path.name, *size, differing, expected.size, reason, passed)


def _draw(folder: Path, channels: int, source: Source) -> Iterator[Path]:
    """Files of street scenes."""
    for height, width in SIZES:
        image = images_of((height, width), 1, channels, source=source)[0]
        yield write_image(folder / f'scene_{height}x{width}', image, source.color_type)
