"""One picture to look at: samples with their masks laid over them, and a histogram of the classes."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Sequence

import cv2
import numpy as np
from mmengine import fileio

from mmseg_liteseg.errors import LiteSegError
from mmseg_liteseg.images import ImageFileError, decode_mask, read_picture
from mmseg_liteseg.visualization.files import replaced_by
from mmseg_liteseg.visualization.overlays import paint_label

from .doctor import Inspection
from .scan import PartScan, SampleFacts
from .values import to_labels

_COLUMNS = 3  # samples beside each other, each an image and its overlay
_WIDTH = 360  # pixels that the longer side of an image is brought to
_ROW = 1.9  # inches
_LEAST = 1e-5  # share at the foot of the histogram


def draw_page(inspection: Inspection, path: str | Path, per_split: int = 6) -> None:
    """Draws samples of every split, those named by errors and warnings first, and the classes' shares, into a PNG file.

    Args:
        inspection: Of a config.
        path: The file to write.
        per_split: Samples of each split.

    Raises:
        LiteSegError: No sample of any split could be read.
    """
    # not pyplot, which opens a window's backend and keeps every figure
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    chosen = [(scan, facts) for split in inspection.splits for scan, facts in _choose(inspection, split, per_split)]
    if not chosen:
        raise LiteSegError('no pictures drawn: no sample could be read')
    rows = -(-len(chosen) // _COLUMNS)
    figure = Figure(figsize=(14, _ROW * rows + 4), dpi=90, layout='constrained')
    canvas = FigureCanvasAgg(figure)
    upper, lower = figure.subfigures(2, 1, height_ratios=[_ROW * rows, 4])
    cells = np.atleast_2d(upper.subplots(rows, 2 * _COLUMNS))
    for axes in cells.flat:
        axes.axis('off')
    for index, (scan, facts) in enumerate(chosen):
        row, column = divmod(index, _COLUMNS)
        _draw_sample(cells[row, 2 * column : 2 * column + 2], scan, facts, _palette(inspection))
    _draw_histogram(lower.subplots(1, 1), inspection)
    with replaced_by(path) as temporary:
        canvas.print_png(str(temporary))


def _choose(inspection: Inspection, split: str, count: int) -> list[tuple[PartScan, SampleFacts]]:
    """Samples that findings name, then others, evenly spread."""
    named = {
        place.split(' ', 1)[0]
        for finding in inspection.findings
        if finding.severity != 'note'
        for place in finding.where
    }
    readable = [(scan, facts) for scan in inspection.of(split) for facts in scan.facts if facts.image is not None]
    # at most half of them: the rest show what is usual
    first = [item for item in readable if {item[1].sample.image, item[1].sample.mask} & named][: count - count // 2]
    rest = [item for item in readable if item not in first]
    places = np.linspace(0, len(rest) - 1, min(count - len(first), len(rest))).astype(int)
    return first + [rest[place] for place in places]


def _palette(inspection: Inspection) -> Sequence:
    datasets = (scan.part.dataset for scan in inspection.scans)
    palette = next((found for d in datasets if (found := getattr(d, 'metainfo', {}).get('palette'))), None)
    return palette or [(0, 0, 0)]


def _draw_sample(cells: Sequence[Any], scan: PartScan, facts: SampleFacts, palette: Sequence) -> None:
    """The image, and the mask over it; beside it where sizes differ, or where it is no index mask."""
    image = _fetch(scan, facts.sample.image)
    cells[0].imshow(_shrink(image))
    cells[0].set_title(f'{scan.part.split}: {Path(facts.sample.image).name}', fontsize=8)
    if facts.mask is None:
        words = 'a mask for each class' if facts.sample.masks else 'no mask'
        cells[1].set_title('mask cannot be read' if facts.sample.mask else words, fontsize=8)
        return
    try:
        label = _labels(scan, facts)
    except ImageFileError as error:
        cells[1].imshow(_shrink(_fetch(scan, facts.sample.mask)))
        cells[1].set_title(f'no index mask ({facts.mask.mode})', fontsize=8, color='red')
        if not facts.mask.colours:
            raise LiteSegError(str(error)) from error
        return
    if label.shape == image.shape[:2]:
        cells[1].imshow(_shrink(paint_label(image, label, palette)))
        cells[1].set_title(Path(facts.sample.mask).name, fontsize=8)
    else:
        cells[1].imshow(_shrink(paint_label(np.zeros((*label.shape, 3), np.uint8), label, palette)))
        cells[1].set_title(f'mask of {label.shape[0]}x{label.shape[1]} pixels', fontsize=8, color='red')


def _read(scan: PartScan, path: str) -> bytes:
    return bytes(fileio.get(path, backend_args=scan.part.backend_args))


def _fetch(scan: PartScan, path: str) -> np.ndarray:
    """A picture (H, W, 3), uint8, RGB."""
    return np.ascontiguousarray(read_picture(_read(scan, path), path)[..., ::-1])


def _labels(scan: PartScan, facts: SampleFacts) -> np.ndarray:
    """The mask in labels as the network sees them."""
    mask = decode_mask(_read(scan, facts.sample.mask), facts.sample.mask)
    labels = np.zeros(mask.shape, np.uint8)
    for value in np.unique(mask).tolist():
        mapped = to_labels({value: 1}, scan.part.reduce_zero_label, getattr(scan.part.dataset, 'label_map', None))
        labels[mask == value] = next(iter(mapped))
    return labels


def _shrink(image: np.ndarray) -> np.ndarray:
    scale = _WIDTH / max(image.shape[:2])
    if scale >= 1:
        return image
    size = tuple(max(round(side * scale), 1) for side in image.shape[1::-1])
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def _draw_histogram(axes: Any, inspection: Inspection) -> None:
    """Share of the pixels by class and split, logarithmic; a word where a split has none of a class."""
    splits, classes = inspection.splits, inspection.classes()
    width, palette = 0.8 / max(len(splits), 1), np.array(_palette(inspection), float) / 255
    names = [*classes, 'ignored']
    for index, split in enumerate(splits):
        labels = inspection.labels(split)
        shares = [labels.share(label) for label in [*range(len(classes)), inspection.setup.ignore_index]]
        places = np.arange(len(names)) + (index - (len(splits) - 1) / 2) * width
        colours = [palette[label] if label < len(palette) else (1, 1, 1) for label in range(len(names))]
        bars = axes.bar(places, np.maximum(shares, _LEAST), width, color=colours, edgecolor='black', linewidth=0.8)
        axes.bar_label(
            bars, [split if share else f'no {split}' for share in shares], fontsize=6, rotation=90, padding=2
        )
    axes.set_yscale('log')
    axes.set_ylim(_LEAST, 10)
    axes.set_xticks(np.arange(len(names)), names, rotation=20, ha='right')
    axes.set(title='share of all pixels', ylabel='logarithmic')
    axes.grid(axis='y', alpha=0.3)
