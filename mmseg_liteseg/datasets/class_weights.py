"""Class weights by formula, from how many pixels each class has."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Callable

import numpy as np

from mmseg_liteseg.errors import DataError, SettingError

FORMULAS = ('enet', 'median', 'sqrt')


@dataclass(frozen=True)
class ClassCounts:
    """Pixels of each class in a set of label maps, ignored ones left out.

    Attributes:
        pixels: (C,), pixels of the class.
        where_present: (C,), valid pixels of the images in which the class occurs.
        images: (C,), how many those are.
    """

    pixels: np.ndarray
    where_present: np.ndarray
    images: np.ndarray

    @property
    def shares(self) -> np.ndarray:
        """(C,), shares of all valid pixels."""
        return self.pixels / max(self.pixels.sum(), 1)


@dataclass(frozen=True)
class WeightFormula:
    """How weights follow from counts.

    ``enet``
        1 / ln(c + share): ENet (https://arxiv.org/abs/1606.02147, section 5.1) has c = 1.02, at which rare classes
        weigh up to 50; ERFNet, CGNet and DABNet take 1.10, at which they weigh up to 10.5.
    ``median``
        Median frequency balancing (https://arxiv.org/abs/1411.4734, section 6.3.2; SegNet): median of the frequencies
        / frequency, which is the class's share of the images that hold it.
    ``sqrt``
        Square root of the inverse share, 1 on average.

    A class without pixels weighs as much as the heaviest other one.

    Attributes:
        type: One of `FORMULAS`.
        c: Of ``enet``.
        mean: If given, weights are scaled to this average. With OHEM weights scale the loss.

    Example:
        >>> counts = ClassCounts(np.array([75, 25]), np.array([100, 100]), np.array([1, 1]))
        >>> WeightFormula('sqrt').weights(counts).round(3).tolist()
        [0.732, 1.268]
    """

    type: str
    c: float = 1.02
    mean: float | None = None

    def __str__(self) -> str:
        options = [f'c={self.c:g}'] if self.type == 'enet' else []
        options += [f'mean={self.mean:g}'] if self.mean is not None else []
        return self.type + (f' ({", ".join(options)})' if options else '')

    @classmethod
    def parse(cls, value: Any) -> WeightFormula:
        """From what stands in a config: a name, or a dict with ``type`` and options.

        Raises:
            SettingError: It is neither.
        """
        options = dict(value) if isinstance(value, dict) else dict(type=value)
        unknown = sorted(set(options) - {'type', 'c', 'mean'})
        if options.get('type') not in FORMULAS or unknown:
            wrong = f'option {unknown[0]!r}' if unknown else repr(options.get('type'))
            raise SettingError(
                f'class_weight: {wrong} is unknown, expected one of {", ".join(FORMULAS)}, or a dict such as '
                "dict(type='enet', c=1.10, mean=1.0)"
            )
        formula = cls(**options)
        if not _is_number(formula.c) or formula.c <= 1:
            raise SettingError(f'class_weight.c must be above 1, else a weight has no bound, got {formula.c!r}')
        if formula.mean is not None and (not _is_number(formula.mean) or formula.mean <= 0):
            raise SettingError(f'class_weight.mean must be a positive number, got {formula.mean!r}')
        return formula

    def weights(self, counts: ClassCounts) -> np.ndarray:
        """(C,) weights.

        Raises:
            DataError: No class has a pixel.
        """
        present = counts.pixels > 0
        if not present.any():
            raise DataError('class_weight: the training labels hold no pixel of any class, every one is ignored')
        weights = _WEIGHTS[self.type](self, counts, present)
        # its own formula may divide by 0; a class that never occurs weighs on no pixel
        weights[~present] = weights[present].max()
        return weights if self.mean is None else weights * (self.mean / weights.mean())

    def _enet(self, counts: ClassCounts, present: np.ndarray) -> np.ndarray:
        return 1 / np.log(self.c + counts.shares)

    def _median(self, counts: ClassCounts, present: np.ndarray) -> np.ndarray:
        frequency = counts.pixels / np.maximum(counts.where_present, 1)
        return np.median(frequency[present]) / np.where(present, frequency, 1)

    def _sqrt(self, counts: ClassCounts, present: np.ndarray) -> np.ndarray:
        weights = np.where(present, counts.shares, 1) ** -0.5
        return weights / weights[present].mean()


_WEIGHTS: dict[str, Callable[[WeightFormula, ClassCounts, np.ndarray], np.ndarray]] = dict(
    enet=WeightFormula._enet, median=WeightFormula._median, sqrt=WeightFormula._sqrt
)


def is_formula(value: Any) -> bool:
    """Whether a ``class_weight`` is meant as a formula: a dict, or a name that is no file's.

    mmseg takes any other text for the name of a file that holds the numbers.
    """
    return isinstance(value, dict) or (isinstance(value, str) and '.' not in value and '/' not in value)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
