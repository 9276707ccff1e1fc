"""How far an artefact's answers are from the model's: the report that comes with every export."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any, Callable, Iterable, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from .errors import DeployError
from .fields import check_callable, check_kind, check_real, check_sizes
from .images import find_images, images_of
from .metadata import Interface
from .source import Source, reference_logits
from .steps import take_steps

# (H, W): what must work of a model that takes any size. None but the last divides by 128.
DYNAMIC_SIZES = ((360, 480), (500, 333), (720, 960), (1024, 2048), (64, 64))
# Pixels of an image that may differ whatever the share: two classes can be equal to the last bit.
_TIES = 2


@dataclass(frozen=True)
class Bound:
    """What counts as agreement.

    Attributes:
        relative: Greatest difference of logits, as a share of the greatest logit.
        pixels: Greatest share of pixels with another label.
    """

    relative: float = 1e-4
    pixels: float = 1e-4

    def __post_init__(self) -> None:
        check_real('max_relative', self.relative, 0)
        check_real('max_pixels', self.pixels, 0, 1)


DEFAULT_BOUND = Bound()
# float16 has 11 bits: some 5e-4 a step, over fifty layers; pixels where two classes are that close flip
HALF_BOUND = Bound(2e-2, 5e-3)


@dataclass(frozen=True)
class Row:
    """Agreement on one batch of images.

    Attributes:
        height: Of the images.
        width: Of the images.
        batch: Number of images.
        max_diff: Greatest difference of logits; None where the artefact gives labels.
        relative: The same as a share of the greatest logit.
        differing: Number of pixels with another label.
        pixels: Number of pixels.
        passed: Whether both are within the bound.
    """

    height: int
    width: int
    batch: int
    max_diff: float | None
    relative: float | None
    differing: int
    pixels: int
    passed: bool


def check_comparison(source: Any, bound: Any, sizes: Any, images: Any, say: Any) -> None:
    """The arguments of a comparison, before the seconds of an export.

    Raises:
        DeployError: one is of another type, or ``images`` holds none.
    """
    check_kind('source', source, Source)
    check_kind('bound', bound, Bound)
    check_callable('say', say)
    if sizes is not None:
        check_sizes('sizes', sizes)
    if images is not None:
        find_images(images)


def compare(
    source: Source,
    run: Callable[[np.ndarray], np.ndarray],
    interface: Interface,
    sizes: Iterable[tuple[int, int, int]],
    bound: Bound = DEFAULT_BOUND,
    images: str | None = None,
    on_row: Callable[[Row], None] = lambda row: None,
) -> list[Row]:
    """Runs artefact and model on the same pictures.

    Args:
        source: The model, run by mmseg's own path.
        run: The artefact: its input -> its output.
        interface: Of the artefact.
        sizes: Batch, height, width of each comparison.
        bound: What counts as agreement.
        images: Folder of pictures; street scenes are drawn otherwise.
        on_row: Called with each row as soon as it is known.

    Raises:
        DeployError: the artefact's output has another shape than the interface says.
    """
    rows = []
    for batch, height, width in sizes:
        pictures = images_of((height, width), batch, len(interface.mean), images, source)
        expected = _expect(source, pictures, interface)
        row = judge(expected, run(interface.prepare(pictures)), interface, bound)
        rows.append(row)
        on_row(row)
    return rows


def _expect(source: Source, pictures: np.ndarray, interface: Interface) -> Tensor:
    """Logits of BGR pictures (N, H, W, C) at their size, by mmseg's path and OpenCV's resize."""
    if not interface.inside:
        return reference_logits(source.model, _network_input(source, pictures))
    resized = np.stack([take_steps(picture.astype(np.float32), interface.inside) for picture in pictures])
    logits = reference_logits(source.model, _network_input(source, resized))
    return F.interpolate(logits, pictures.shape[1:3], mode='bilinear', align_corners=interface.align_corners)


def judge(expected: Tensor, output: np.ndarray, interface: Interface, bound: Bound) -> Row:
    """Compares an output with the logits (N, C, H, W) that the model gives at the size of the images."""
    labels = _label(expected, interface)
    if interface.output == 'labels':
        return judge_labels(labels, output, bound)
    logits = torch.from_numpy(np.ascontiguousarray(output, dtype=np.float32))
    _check_shape(logits.shape[:2], expected.shape[:2])
    if interface.output == 'scores':
        size, align_corners = tuple(expected.shape[2:]), interface.align_corners
        logits = F.interpolate(logits, size, mode='bilinear', align_corners=align_corners)
    _check_shape(logits.shape, expected.shape)
    max_diff = _max_abs(logits - expected)
    relative = max_diff / max(_max_abs(expected), 1e-12)
    row = judge_labels(labels, _label(logits, interface).numpy(), bound)
    # the comparison is also False for NaN
    return replace(row, max_diff=max_diff, relative=relative, passed=row.passed and relative <= bound.relative)


def judge_labels(expected: Tensor, output: np.ndarray, bound: Bound) -> Row:
    """Compares labels (N, H, W) or (N, 1, H, W) with the expected ones (N, H, W), or masks (N, C, H, W)."""
    found = torch.from_numpy(output.astype(np.int64))
    if expected.ndim == 3 and found.ndim == 4 and found.shape[1] == 1:
        found = found[:, 0]
    _check_shape(found.shape, expected.shape)
    (n, *_, height, width), pixels = expected.shape, expected.numel()
    differing = int((found != expected).sum())
    passed = differing <= max(bound.pixels * pixels, _TIES * n)
    return Row(height, width, n, None, None, differing, pixels, passed)


def sizes_to_check(interface: Interface, dynamic: Sequence[tuple[int, int]] = DYNAMIC_SIZES) -> list[tuple]:
    """Batch, height, width of each comparison: the artefact's own size, or several; where any number goes, two too."""
    sizes = [interface.size] if interface.size else dynamic
    checks = [(interface.batch or 1, *size) for size in sizes]
    # two images at once: a graph may have the example's number baked in
    return checks if interface.batch else [*checks, (2, *sizes[-1])]


def format_rows(rows: Sequence[Row]) -> str:
    """The report as a table."""
    return '\n'.join([HEADER, *map(format_row, rows)])


HEADER = f'{"size":>11} {"batch":>5} {"max logit diff":>14} {"of max logit":>12} {"differing pixels":>24}'


def format_row(row: Row) -> str:
    """One line of the table."""
    logits = ('-', '-') if row.max_diff is None else (f'{row.max_diff:.2e}', f'{row.relative:.1e}')
    pixels = f'{row.differing} of {row.pixels} ({row.differing / row.pixels:.4%})'
    verdict = '' if row.passed else '  TOO MUCH'
    return f'{f"{row.height}x{row.width}":>11} {row.batch:>5} {logits[0]:>14} {logits[1]:>12} {pixels:>24}{verdict}'


def to_dicts(rows: Sequence[Row]) -> list[dict]:
    """For a JSON file."""
    return [asdict(row) for row in rows]


def _network_input(source: Source, pictures: np.ndarray) -> Tensor:
    """The config's own pre-processing of BGR pictures (N, H, W, C)."""
    inputs = [torch.from_numpy(picture).permute(2, 0, 1) for picture in pictures]
    return source.model.data_preprocessor(dict(inputs=inputs), training=False)['inputs']


def _label(logits: Tensor, interface: Interface) -> Tensor:
    if interface.multi_label:
        return (logits.sigmoid() > interface.threshold).long()
    if interface.threshold is not None:
        return (logits[:, 0].sigmoid() > interface.threshold).long()
    return logits.argmax(dim=1)


def _max_abs(x: Tensor) -> float:
    return x.abs().max().item()


def _check_shape(found: Sequence[int], expected: Sequence[int]) -> None:
    if tuple(found) != tuple(expected):
        raise DeployError(f'the output has shape {tuple(found)}, expected {tuple(expected)}')
