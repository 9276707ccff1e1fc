"""Reads samples in parallel, all of them or as many as a time allows, spread over the data set."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Callable, Iterable, Iterator, Sequence

import numpy as np

from mmseg_liteseg.errors import LiteSegError
from mmseg_liteseg.processor import available_cores
from mmseg_liteseg.registry import TRANSFORMS
from mmseg_liteseg.wording import count

from .facts import ImageFacts, MaskFacts, UnreadableFileError
from .files import read_image, read_mask
from .listing import is_local
from .setup import Part, Sample

_FROM_ELSEWHERE = 8  # samples that are drawn or come over a network, where there is a time

Track = Callable[[Iterable, int, str], Iterable]
"""Wraps what is iterated, of so many and of that name, to show how far it is."""


@dataclass(frozen=True)
class SampleFacts:
    """What the files of one sample hold.

    Args:
        sample: Their paths.
        image: None if it could not be read.
        mask: None if there is none or it could not be read.
        faults: Paths that could not be read, with the reason.
        class_pixels: Pixels of each class, where a pixel may be of several.
    """

    sample: Sample
    image: ImageFacts | None = None
    mask: MaskFacts | None = None
    faults: tuple[tuple[str, str], ...] = ()
    class_pixels: tuple[int, ...] | None = None


@dataclass
class PartScan:
    """What was read of one data set.

    Args:
        part: The data set.
        facts: Its samples that were read, in its order.
    """

    part: Part
    facts: list[SampleFacts] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        """Whether every sample was read."""
        return len(self.facts) == len(self.part.samples)

    @property
    def masks(self) -> list[tuple[str, MaskFacts]]:
        """Masks that could be read, with their paths."""
        return [(facts.sample.mask, facts.mask) for facts in self.facts if facts.mask is not None]

    @property
    def images(self) -> list[tuple[str, ImageFacts]]:
        """Images that could be read, with their paths."""
        return [(facts.sample.image, facts.image) for facts in self.facts if facts.image is not None]


def scan(
    parts: Sequence[Part], seconds: float | None = None, workers: int | None = None, track: Track | None = None
) -> list[PartScan]:
    """Reads the samples of data sets; a sample that two of them list is read once.

    Args:
        parts: Data sets whose samples are listed.
        seconds: Time after which no further sample is begun, shared evenly by the data sets; None reads all.
        workers: Threads: decoders leave Python's lock, so they run beside each other. One per core by default.
        track: Shows progress.
    """
    workers = workers or min(available_cores(), 16)
    known: dict[tuple[Sample, str], SampleFacts] = {}
    scans = []
    with ThreadPoolExecutor(workers) as pool:
        for index, part in enumerate(parts):
            # what one data set leaves over goes to those that follow
            left = None if seconds is None else seconds / (len(parts) - index)
            start = time.monotonic()
            found = dict(_read_part(part, pool, workers, left, known, track))
            if seconds is not None:
                seconds = max(seconds - (time.monotonic() - start), 0.0)
            scans.append(PartScan(part, [found[number] for number in sorted(found)]))
    return scans


def _read_part(
    part: Part,
    pool: ThreadPoolExecutor,
    workers: int,
    seconds: float | None,
    known: dict[tuple[Sample, str], SampleFacts],
    track: Track | None,
) -> Iterator[tuple[int, SampleFacts]]:
    """Numbers and facts of samples, a few at a time so that it can stop when the time is over."""
    order = np.arange(len(part.samples))
    if seconds is not None:  # what is read in the time there is, is spread over the whole
        # seeded: two starts of a training say the same
        order = np.random.default_rng(0).permutation(order)
        if not is_local(part.samples[0].image) or part.backend_args:
            order = order[:_FROM_ELSEWHERE]
    key = repr(part.backend_args)
    end = float('inf') if seconds is None else time.monotonic() + seconds

    def read(number: int) -> tuple[int, SampleFacts]:
        sample = part.samples[number]
        if (sample, key) not in known:
            facts = read_sample(sample, part.backend_args)
            known[sample, key] = with_class_masks(part, facts) if sample.masks else facts
        return number, known[sample, key]

    def chunks() -> Iterator[tuple[int, SampleFacts]]:
        size = 4 * workers
        for first in range(0, len(order), size):
            if first and time.monotonic() > end:
                return
            yield from pool.map(read, order[first : first + size].tolist())

    yield from track(chunks(), len(order), part.where) if track else chunks()


def read_sample(sample: Sample, backend_args: dict | None = None) -> SampleFacts:
    """Reads both files of a sample; what cannot be read is among the faults."""
    facts, faults = {}, []
    for name, path, read in (('image', sample.image, read_image), ('mask', sample.mask, read_mask)):
        if path is None:
            continue
        try:
            facts[name] = read(path, backend_args)
        except UnreadableFileError as error:
            faults.append((path, str(error)))
    return SampleFacts(sample, facts.get('image'), facts.get('mask'), tuple(faults))


def with_class_masks(part: Part, facts: SampleFacts) -> SampleFacts:
    """Adds what the part's own loader makes of an image's masks, one per class: pixels, or why it refuses them."""
    if facts.image is None:
        return facts
    step = next(iter(part.steps('LoadMultiLabelAnnotations')), dict(type='mmseg_liteseg.LoadMultiLabelAnnotations'))
    paths = list(facts.sample.masks)
    results = dict(seg_map_path=paths[0], seg_map_paths=paths, ori_shape=facts.image.upright_size)
    try:
        masks = TRANSFORMS.build(step)(results)['gt_seg_map']
    except (LiteSegError, OSError) as error:
        return replace(facts, faults=((next(filter(None, paths), facts.sample.image), str(error)),))
    classes = part.classes or ()
    if masks.shape[2] != len(classes):
        reason = f'{count(masks.shape[2], "mask")} for {count(len(classes), "class")}'
        return replace(facts, faults=((next(filter(None, paths), facts.sample.image), reason),))
    return replace(facts, class_pixels=tuple((masks == 1).sum(axis=(0, 1)).tolist()))
