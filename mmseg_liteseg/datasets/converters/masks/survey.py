"""Counts what all masks of a data set hold, before anything is decided."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Mapping

import cv2
import numpy as np

from ..errors import ConversionError
from .decode import RawMask, read_mask, unpack

_KEPT_PER_FILE = 4096
"""Colours of one file that are counted: a noisy JPEG has more, but no labels among the rest."""
_FLAT_LOSSY = 24
_SMALL = 1 << 16


@dataclass
class FileSurvey:
    """One mask: its size (H, W), pixels by code, those in flat areas, colours of a palette's indices, its format."""

    size: tuple[int, int]
    kind: str
    lossy: bool
    counts: Counter
    flat: Counter
    palette: Mapping[int, int]
    is_index: bool
    no_data: bool = False


@dataclass
class MaskSurvey:
    """All masks.

    Attributes:
        kind: 'values' or 'colours': what the codes are.
        counts: Pixels by code.
        flat: Pixels by code whose eight neighbours hold the same (in lossy files: nearly the same).
        files: Number of masks by code.
        palette: Colour of each value, where masks have a common palette.
        lossy: Whether any file is of a lossy format.
        beside_255: Number of masks with 255 beside other values than 0.
        divisor: What values were divided by (16-bit masks that hold id x 256 or 0/65535).
        notes: Remarks for the user.
    """

    kind: str = 'values'
    counts: Counter = field(default_factory=Counter)
    flat: Counter = field(default_factory=Counter)
    files: Counter = field(default_factory=Counter)
    palette: dict[int, int] = field(default_factory=dict)
    lossy: bool = False
    beside_255: int = 0
    divisor: int = 1
    notes: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        """Pixels of all masks."""
        return sum(self.counts.values())

    def counts_of(self, one: FileSurvey) -> Counter:
        """Pixels of one mask by code, in the terms of the whole set."""
        if self.kind == 'red':
            return _by(_convert(one.counts, one, 'colours'), lambda code: code >> 16)
        return _by(_convert(one.counts, one, self.kind), lambda code: code // self.divisor)


def survey_file(path: Path) -> FileSurvey:
    """Counts one mask.

    Raises:
        ConversionError: As :func:`.decode.read_mask` does.
    """
    raw = read_mask(path)
    codes, counts = _count(raw.codes)
    order = np.argsort(-counts, kind='stable')[:_KEPT_PER_FILE]
    # flat areas tell labels from the blends at their edges
    flat_codes, flat_counts = _count(raw.codes[_flat(raw)])
    return FileSurvey(
        raw.codes.shape,
        raw.kind,
        raw.lossy,
        Counter(dict(zip(codes[order].tolist(), counts[order].tolist()))),
        Counter(dict(zip(flat_codes.tolist(), flat_counts.tolist()))),
        raw.palette,
        raw.is_index,
        raw.no_data,
    )


def _count(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Codes that occur, and how often."""
    # counting beats the sort of np.unique where the table is small
    if codes.size and codes.min() >= 0 and codes.max() < _SMALL:
        counts = np.bincount(codes.ravel())
        return np.flatnonzero(counts), counts[counts > 0]
    return np.unique(codes, return_counts=True)


def _flat(raw: RawMask) -> np.ndarray:
    """(H, W): where a 3x3 window holds one value; in lossy files, nearly one."""
    channels = unpack(raw.codes) if raw.kind == 'colours' else raw.codes[..., None]
    tolerance = _FLAT_LOSSY if raw.lossy else 0
    flat = np.ones(raw.codes.shape, bool)
    window = np.ones((3, 3), np.uint8)
    for channel in np.moveaxis(channels, -1, 0):
        small = channel.min() >= 0 and channel.max() <= 255
        plane = np.ascontiguousarray(channel, dtype=np.uint8 if small else np.float32)
        flat &= cv2.morphologyEx(plane, cv2.MORPH_GRADIENT, window) <= tolerance
    return flat


def merge(surveys: Mapping[Path, FileSurvey]) -> MaskSurvey:
    """Puts the files together and settles whether they hold values or colours.

    Raises:
        ConversionError: If the files hold too many values to be labels.
    """
    merged = MaskSurvey(lossy=any(one.lossy for one in surveys.values()))
    palette = _common_palette(surveys)
    coloured = any(one.kind == 'colours' and _has_hue(one) for one in surveys.values())
    merged.kind = 'colours' if coloured or palette is None else 'values'
    if not coloured and palette is None and _indices_agree(surveys):
        merged.kind, palette = 'values', {}
        merged.notes.append('palettes differ from file to file: indices are the labels, their colours do not count')
    if any(one.no_data for one in surveys.values()):
        merged.notes.append('NaN and negative values are no data: they count as 255')
    if merged.kind == 'values':
        merged.palette = palette or {}
    for one in surveys.values():
        counts, flat = (_convert(table, one, merged.kind) for table in (one.counts, one.flat))
        merged.counts.update(counts)
        merged.flat.update(flat)
        merged.files.update(counts.keys())
        merged.beside_255 += 255 in counts and bool(counts.keys() - {0, 255})
    if merged.kind == 'colours' and _only_red(merged.counts):
        merged.notes.append('the red channel holds the labels, the others are empty')
        merged.kind = 'red'
        merged.counts, merged.flat, merged.files = (
            _by(table, lambda code: code >> 16) for table in (merged.counts, merged.flat, merged.files)
        )
    _scale_down(merged)
    return merged


def _has_hue(one: FileSurvey) -> bool:
    """Whether a colour file holds more than greys."""
    colours = unpack(np.array(list(one.counts)))
    tolerance = _FLAT_LOSSY if one.lossy else 0
    return bool((colours.max(1) - colours.min(1) > tolerance).any())


def _common_palette(surveys: Mapping[Path, FileSurvey]) -> dict[int, int] | None:
    """Index -> colour as all palette files have it; None if they contradict each other."""
    common: dict[int, int] = {}
    for one in surveys.values():
        for index, colour in one.palette.items():
            if common.setdefault(index, colour) != colour:
                return None
    return common


def _indices_agree(surveys: Mapping[Path, FileSurvey]) -> bool:
    """Whether files of contradicting palettes share their indices rather than their colours."""
    files = [one for one in surveys.values() if one.kind == 'palette']
    indices = Counter(index for one in files for index in one.palette)
    colours = Counter(colour for one in files for colour in set(one.palette.values()))
    return sum(indices.values()) * len(colours) > sum(colours.values()) * len(indices)


def _convert(table: Counter, one: FileSurvey, kind: str) -> Counter:
    """Codes of one file in the terms of the whole set."""
    if kind == 'values':
        return table if one.kind != 'colours' else _by(table, lambda code: code >> 8 & 255)
    if one.kind == 'colours':
        return table
    palette = one.palette if one.kind == 'palette' else None
    return _by(table, lambda code: palette[code] if palette else code * 0x010101)


def _by(table: Counter, change: Callable[[int], int]) -> Counter:
    result: Counter = Counter()
    for code, count in table.items():
        result[change(code)] += count
    return result


def _only_red(counts: Counter) -> bool:
    """CARLA's and other simulators' masks: the id in the red channel, which is small."""
    return all(code & 0xFFFF == 0 for code in counts) and max(counts) >> 16 < 64 and len(counts) > 1


def _scale_down(merged: MaskSurvey) -> None:
    """16-bit masks: 0/65535 and ids x 256 become 0/255 and ids."""
    if merged.kind != 'values' or max(merged.counts) <= 255:
        return
    values = np.array([value for value in merged.counts if value])
    # 8 bits scaled to 16 are x 257 (0xFF to 0xFFFF); others shift by 8 bits
    for divisor in (257, 256):
        if (values % divisor == 0).all():
            merged.divisor = divisor
            merged.counts, merged.flat, merged.files = (
                Counter({code // divisor: count for code, count in table.items()})
                for table in (merged.counts, merged.flat, merged.files)
            )
            merged.notes.append(f'16-bit masks: values are divided by {divisor}')
            return
    if len(values) > 255:
        raise ConversionError(
            f'the masks hold {len(values)} values up to {values.max()}: instances or measurements rather than classes; '
            'name the folder of class masks with --masks'
        )
