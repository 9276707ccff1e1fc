"""A sheet of image | labels | prediction, with a legend."""

from __future__ import annotations

from typing import Sequence

import cv2
import numpy as np

from mmseg_liteseg.errors import DataError

_GAP = 6
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_HEADINGS = ('image', 'labels', 'prediction')
_VOID = (0, 0, 0)


def paint_label(image: np.ndarray, label: np.ndarray, palette: Sequence, alpha: float = 0.6) -> np.ndarray:
    """Lays the classes' colours over a picture.

    Args:
        image: Picture (H, W, 3), uint8, RGB.
        label: Classes (H, W); what is not in the palette (void) is painted black.
        palette: RGB colour of each class.
        alpha: Opacity of the colours, 0 to 1.

    Returns:
        (H, W, 3), uint8, RGB.
    """
    if image.shape[:2] != label.shape:
        raise DataError(f'label: expected the size of the image, {image.shape[:2]}, got {label.shape}')
    return cv2.addWeighted(np.ascontiguousarray(image), 1 - alpha, _colours_of(label, palette), alpha, 0)


def _colours_of(label: np.ndarray, palette: Sequence) -> np.ndarray:
    """(H, W) classes -> (H, W, 3) colours, black for what has none."""
    if label.dtype == np.uint8 and len(palette) <= 256:
        # OpenCV's lookup takes a quarter of the time of numpy's, which counts in videos
        table = np.full((256, 1, 3), _VOID, np.uint8)
        table[: len(palette), 0] = palette
        return cv2.applyColorMap(label, table)
    known = (label >= 0) & (label < len(palette))
    return np.take(np.array([*palette, _VOID], np.uint8), np.where(known, label, len(palette)), axis=0)


def paint_masks(image: np.ndarray, masks: np.ndarray, palette: Sequence, alpha: float = 0.6) -> np.ndarray:
    """Lays the colours of classes that may overlap over a picture: where several are, their mean.

    Args:
        image: Picture (H, W, 3), uint8, RGB.
        masks: (C, H, W); 1 where the class is. Anything else (0, ignored) leaves the picture as it is.
        palette: RGB colour of each class.
        alpha: Opacity of the colours, 0 to 1.

    Returns:
        (H, W, 3), uint8, RGB.
    """
    if image.shape[:2] != masks.shape[1:]:
        raise DataError(f'masks: expected the size of the image, {image.shape[:2]}, got {masks.shape[1:]}')
    there = (masks == 1).astype(np.float32)
    count = there.sum(0)
    colours = np.tensordot(there, np.array(palette[: len(masks)], np.float32), (0, 0)) / np.maximum(count, 1)[..., None]
    overlay = np.where(count[..., None] > 0, colours.round(), image).astype(np.uint8)
    return cv2.addWeighted(np.ascontiguousarray(image), 1 - alpha, overlay, alpha, 0)


def make_palette(num_classes: int) -> list[tuple[int, int, int]]:
    """RGB colours for classes that have none, the same ones every time.

    >>> make_palette(2) == make_palette(5)[:2]
    True
    """
    colours = np.random.default_rng(42).integers(32, 256, (num_classes, 3))
    return [tuple(colour) for colour in colours.tolist()]


def draw_sheet(
    samples: Sequence[tuple], classes: Sequence[str], palette: Sequence, cell_width: int = 384
) -> np.ndarray:
    """Draws one row per sample.

    Args:
        samples: Triples of picture (H, W, 3) uint8 RGB, labels and prediction, (H, W), or (C, H, W) for masks of
            classes that may overlap; sizes may vary.
        classes: Names of the classes.
        palette: RGB colour of each class.
        cell_width: Width in pixels that every picture is brought to.

    Returns:
        The sheet, (h, w, 3), uint8, RGB.
    """
    if not samples:
        raise DataError('samples: expected at least one')
    rows = [_heading(cell_width)]
    for image, label, prediction in samples:
        cells = [image, _paint(image, label, palette), _paint(image, prediction, palette)]
        cells = [_fit(cell, cell_width) for cell in cells]
        rows.append(_join(cells, axis=1))
    rows.append(_legend(classes, palette, rows[0].shape[1]))
    return _join(rows, axis=0)


def _paint(image: np.ndarray, label: np.ndarray, palette: Sequence) -> np.ndarray:
    return (paint_masks if label.ndim == 3 else paint_label)(image, label, palette)


def _fit(image: np.ndarray, width: int) -> np.ndarray:
    """Brings a picture to a width: small ones keep their pixels visible, large ones are averaged."""
    height = max(round(image.shape[0] * width / image.shape[1]), 1)
    enlarge = width >= image.shape[1]
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_NEAREST if enlarge else cv2.INTER_AREA)


def _join(parts: Sequence[np.ndarray], axis: int) -> np.ndarray:
    """Puts pictures beside or below each other, with white gaps."""
    shape = list(parts[0].shape)
    shape[axis] = _GAP
    gap = np.full(shape, 255, np.uint8)
    joined = [part for pair in zip(parts, [gap] * len(parts)) for part in pair][:-1]
    return np.concatenate(joined, axis)


def _heading(cell_width: int) -> np.ndarray:
    """Names of the columns, black on white."""
    cells = []
    for text in _HEADINGS:
        cell = np.full((26, cell_width, 3), 255, np.uint8)
        cv2.putText(cell, text, (4, 19), _FONT, 0.55, (0, 0, 0), 1, cv2.LINE_AA)
        cells.append(cell)
    return _join(cells, axis=1)


def _legend(classes: Sequence[str], palette: Sequence, width: int) -> np.ndarray:
    """Names of the classes beside their colours, in as many columns as fit."""
    column = 24 + max(cv2.getTextSize(name, _FONT, 0.5, 1)[0][0] for name in classes) + 16
    columns = max(width // column, 1)
    legend = np.full((8 + 22 * -(-len(classes) // columns), width, 3), 255, np.uint8)
    for index, (name, colour) in enumerate(zip(classes, palette)):
        x, y = column * (index % columns) + 4, 22 * (index // columns) + 6
        cv2.rectangle(legend, (x, y), (x + 15, y + 15), tuple(int(c) for c in colour), -1)
        cv2.putText(legend, name, (x + 22, y + 13), _FONT, 0.5, (0, 0, 0), 1, cv2.LINE_AA)
    return legend
