"""Pixels and masks by label, as the network sees them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Sequence

from .facts import MaskFacts
from .scan import PartScan
from .values import to_labels

_SHOWN = 6


@dataclass
class Labels:
    """What the masks of a split hold, in labels as the network sees them.

    Args:
        classes: Names.
        pixels: Pixels by label, ignored ones too.
        images: Masks by label.
        masks: Masks counted.
        total: Pixels of these masks. Where a pixel may be of several classes, ``pixels`` adds up to something else.
    """

    classes: Sequence[str]
    pixels: dict[int, int] = field(default_factory=dict)
    images: dict[int, int] = field(default_factory=dict)
    masks: int = 0
    total: int = 0

    def add(self, labels: dict[int, int], size: int) -> None:
        """Counts a mask of so many pixels."""
        self.masks += 1
        self.total += size
        for label, count in labels.items():
            self.pixels[label] = self.pixels.get(label, 0) + count
            self.images[label] = self.images.get(label, 0) + 1

    def share(self, label: int) -> float:
        """Share of a label among all pixels."""
        return self.pixels.get(label, 0) / max(self.total, 1)


def labels_of(scan: PartScan, mask: MaskFacts) -> dict[int, int]:
    """Pixels by label of one mask of a data set; nothing for a mask of colours."""
    return to_labels(mask.counts, scan.part.reduce_zero_label, getattr(scan.part.dataset, 'label_map', None))


def count_labels(scans: Sequence[PartScan], classes: Sequence[str]) -> Labels:
    """Adds up the masks of data sets."""
    total = Labels(classes)
    for scan in scans:
        for facts in scan.facts:
            if facts.mask is not None and facts.mask.counts:
                # in labels and not values: what reduce_zero_label ignores has no share
                total.add(labels_of(scan, facts.mask), facts.mask.pixels)
            elif facts.class_pixels is not None:
                found = {label: count for label, count in enumerate(facts.class_pixels) if count}
                total.add(found, facts.image.height * facts.image.width)
    return total


def short(values: Sequence) -> str:
    """The first of the values, and how many there are."""
    return ', '.join(map(str, values[:_SHOWN])) + (f', ... ({len(values)})' if len(values) > _SHOWN else '')
