"""The table from what masks hold to class indices."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Mapping

import numpy as np

from ..errors import ConversionError
from .decode import RawMask, unpack
from .peaks import nearest

IGNORE = 255
"""Label of pixels of no class."""
MAX_CLASSES = 255
_UNSEEN = -1


@dataclass(frozen=True)
class ClassRow:
    """A class: its name, colour (R, G, B), and the codes that masks hold for it."""

    name: str
    colour: tuple[int, int, int]
    codes: tuple[int, ...]


@dataclass
class LabelTable:
    """Maps codes to labels.

    Attributes:
        kind: What the codes are: 'values', 'colours' or 'red', as in :class:`.survey.MaskSurvey`.
        classes: Class i has label i.
        ignored: Codes that become 255.
        rounded: Whether other codes take the label of the code next to them; otherwise they are refused.
        divisor: What values are divided by first.
        unlisted: Codes without a class that become 255, with a warning: they fill areas and resemble no class.
        share: Share of the pixels that are rounded.
        notes: Remarks for the user.
    """

    kind: str
    classes: list[ClassRow]
    ignored: tuple[int, ...] = ()
    rounded: bool = False
    divisor: int = 1
    unlisted: tuple[int, ...] = ()
    share: float = 0.0
    notes: list[str] = field(default_factory=list)

    def codes_of(self, raw: RawMask) -> np.ndarray:
        """Codes (H, W) of a mask in the terms of this table."""
        if self.kind == 'colours':
            return raw.as_colours()
        if self.kind == 'red':
            return raw.as_colours() >> 16
        codes = raw.codes >> 8 & 255 if raw.kind == 'colours' else raw.codes
        return codes // self.divisor if self.divisor > 1 else codes

    def apply(self, raw: RawMask) -> np.ndarray:
        """Labels (H, W), uint8, of a mask.

        Raises:
            ConversionError: On a code that is neither a class's nor ignored, if codes are not rounded.
        """
        codes = self.codes_of(raw)
        known = self._cache
        labels = known[codes]
        for code in np.unique(codes[labels == _UNSEEN]).tolist():
            # the nearest label is looked up once per code, not per pixel
            known[code] = self._label(code)
        return known[codes].astype(np.uint8) if (labels == _UNSEEN).any() else labels.astype(np.uint8)

    @cached_property
    def _cache(self) -> np.ndarray:
        """Label of every code that was met; sorting the pixels of each mask would take longer."""
        cache = np.full(1 << (24 if self.kind == 'colours' else 16), _UNSEEN, np.int16)
        codes, labels = self._lookup
        cache[codes] = labels
        return cache

    def _label(self, code: int) -> int:
        if not self.rounded:
            raise ConversionError(f'{self.describe(code)} is in no class')
        codes, labels = self._lookup
        where = nearest(np.array([code]), codes, 'colours' if self.kind == 'colours' else 'values')[0]
        return int(labels[where[0]])

    def label_counts(self, counts: Mapping[int, int]) -> np.ndarray:
        """Pixels by label (256,), int64, from pixels by code (values divided already)."""
        result = np.zeros(256, np.int64)
        for code, count in counts.items():
            label = self._cache[code]
            if label == _UNSEEN:
                label = self._cache[code] = self._label(code)
            result[label] += count
        return result

    @cached_property
    def _lookup(self) -> tuple[np.ndarray, np.ndarray]:
        """All codes in order, and their labels."""
        pairs = [(code, label) for label, row in enumerate(self.classes) for code in row.codes]
        pairs += [(code, IGNORE) for code in (*self.ignored, *self.unlisted)]
        codes, labels = zip(*sorted(pairs))
        return np.array(codes, np.int64), np.array(labels, np.uint8)

    @property
    def is_identity(self) -> bool:
        """Whether masks hold the labels already."""
        return (
            self.kind == 'values'
            and self.divisor == 1
            and not self.rounded
            and all(row.codes == (label,) for label, row in enumerate(self.classes))
            and set(self.ignored) <= {IGNORE}
            and not self.unlisted
        )

    def describe(self, code: int) -> str:
        """A code in words.

        Example:
            >>> LabelTable('colours', []).describe(0xFF0000)
            'colour (255, 0, 0)'
        """
        return f'colour {tuple(unpack(code).tolist())}' if self.kind == 'colours' else f'value {code * self.divisor}'

    def as_json(self) -> dict[str, Any]:
        """For the file that is kept beside the masks."""

        def write(code: int) -> Any:
            return unpack(code).tolist() if self.kind == 'colours' else code * self.divisor

        return dict(
            source='red channel' if self.kind == 'red' else self.kind,
            classes=[
                dict(label=label, name=row.name, colour=list(row.colour), source=[write(code) for code in row.codes])
                for label, row in enumerate(self.classes)
            ],
            ignored=[write(code) for code in (*self.ignored, *self.unlisted)],
            ignore_label=IGNORE,
            rounded_to_nearest=self.rounded,
        )
