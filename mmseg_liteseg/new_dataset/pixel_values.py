"""How images are to be loaded, and the mean and std of what is loaded."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Sequence

import numpy as np

from mmseg_liteseg.images import read_image

from .parallel import each
from .samples import Sample

_LOOK_AT = 50
_PLAIN = 127.5


@dataclass(frozen=True)
class PixelValues:
    """What a network gets to see of an image.

    Attributes:
        color_type: Of LoadImageFromFile: 'color' for three channels of 8 bits, 'unchanged' for what the file holds.
        mean: By channel, in the order in which they are loaded.
        std: Likewise.
    """

    color_type: str = 'color'
    mean: tuple[float, ...] = (_PLAIN,) * 3
    std: tuple[float, ...] = (_PLAIN,) * 3

    @property
    def is_plain(self) -> bool:
        """Whether these are colours of 8 bits."""
        return self.color_type == 'color'


def usual_form(samples: Sequence[Sample]) -> tuple[bool, int, int]:
    """Whether most images are more than colours of 8 bits; their channels and bits."""
    forms = Counter(_form(sample) for sample in samples)
    return forms.most_common(1)[0][0]


def is_of_form(sample: Sample, form: tuple[bool, int, int]) -> bool:
    """Whether an image can be trained on along with those of a form; 8-bit greys and colours go together."""
    return _form(sample) == form


def measure(root: Path, samples: Sequence[Sample]) -> PixelValues:
    """Looks into some images; those of 8-bit colours need none.

    Args:
        root: The folder.
        samples: Of one form.

    Raises:
        ImageFileError: If an image cannot be loaded so.
    """
    if not _form(samples[0])[0]:
        return PixelValues()
    # evenly spread, as neighbours are alike
    step = max(len(samples) // _LOOK_AT, 1)
    paths = [root / sample.image for sample in samples[::step]]
    sums, squares, count = 0.0, 0.0, 0.0
    for one in each(_moments, paths, 'values'):
        sums, squares, count = sums + one[0], squares + one[1], count + one[2]
    mean = sums / count
    std = np.sqrt(np.maximum(squares / count - mean**2, 0))
    # a band that is the same everywhere would be divided by 0
    std = np.where(std > 0, std, 1.0)
    return PixelValues('unchanged', _short(mean), _short(std))


def _form(sample: Sample) -> tuple[bool, int, int]:
    facts = sample.facts
    # Pillow's modes are greys and colours, with or without alpha; what only OpenCV reads has bands of its own
    if facts.bits <= 8 and (facts.mode or facts.channels in (1, 3)):
        return (False, 3, 8)
    return (True, facts.channels, facts.bits)


def _moments(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    image = read_image(path, 'unchanged').astype(np.float64)
    values = image.reshape(-1, image.shape[2] if image.ndim == 3 else 1)
    finite = np.isfinite(values)
    values = np.where(finite, values, 0)
    return values.sum(0), (values**2).sum(0), finite.sum(0)


def _short(values: np.ndarray) -> tuple[float, ...]:
    return tuple(float(f'{value:.4g}') for value in values)
