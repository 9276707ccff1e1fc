"""Images of one split that are a part, cut out and maybe resized, of an image of another.

::

    thumbnails -> a few low frequencies of each whole, and of 90 windows of each
               -> for each whole the windows of others that are most like it           (a product of matrices)
               -> the two files at 160 pixels: is one's fine detail found in the other (cv2.matchTemplate)
"""

from __future__ import annotations

from typing import Iterator, NamedTuple, Sequence

import numpy as np

from .duplicates import is_same
from .facts import ImageFacts, UnreadableFileError
from .files import read_grey
from .finding import Finding
from .scan import PartScan, Track
from .windows import Window, describe, find_window, windows

_ALIKE = 0.92
_CANDIDATES = 3  # of each image
_MOST_READ = 600  # pairs, the likeliest; some 20 ms each
_MOST_COMPARED = 12e9  # 16,000 against 4,000 images both ways: 25 s by an eighth of it
_CELLS = 2**21
_SIDE = 160
_FOUND = 0.7  # of 40 crops of CamVid, rescaled and saved as JPEG, the worst has 0.8; of other frames the best 0.4
_WHERE = 10


class _Image(NamedTuple):
    path: str
    facts: ImageFacts
    backend_args: dict | None


def check_crops(scans: Sequence[PartScan], first: str = 'train', track: Track | None = None) -> list[Finding]:
    """Looks for images of other splits that are cut out of ones of ``first``, or the other way round.

    Mirrored and turned crops are not found, nor those that overlap only. The time is bounded: of very large sets a part
    is compared.

    Args:
        scans: What was read, of all splits.
        first: The split that is trained on.
        track: Shows the progress.
    """
    trained = _images(scans, first)
    return [
        finding
        for split in sorted({scan.part.split for scan in scans} - {first})
        for finding in _compare(trained, _images(scans, split), first, split, track)
    ]


def _images(scans: Sequence[PartScan], split: str) -> list[_Image]:
    found = {
        path: _Image(path, facts, scan.part.backend_args)
        for scan in scans
        if scan.part.split == split
        for path, facts in scan.images
    }
    return list(found.values())


def _compare(
    trained: list[_Image], tested: list[_Image], first: str, split: str, track: Track | None
) -> Iterator[Finding]:
    pairs = [(value, part, whole, False) for value, part, whole in find_candidates(tested, trained, track)]
    pairs += [(value, whole, part, True) for value, part, whole in find_candidates(trained, tested, track)]
    likeliest = sorted(pairs, key=lambda pair: -pair[0])[:_MOST_READ]
    found: dict[str, str] = {}
    for _, one, other, swapped in track(likeliest, len(likeliest), 'crops') if track else likeliest:
        part, whole = (other, one) if swapped else (one, other)
        if one.path not in found and _is_part(part, whole):
            found[one.path] = f'{one.path} {"contains" if swapped else "is part of"} {other.path}'
    if found:
        yield Finding(
            'warning',
            'cropped',
            f'{len(found)} of {len(tested)} {split} images are parts of images in {first}, or contain one',
            tuple(sorted(found.values())[:_WHERE]),
            'results on them say little about new images',
            f'divide the original images into {first} and {split} first, and cut them then',
            len(found),
            split,
        )


def find_candidates(
    parts: Sequence[_Image], wholes: Sequence[_Image], track: Track | None = None
) -> list[tuple[float, _Image, _Image]]:
    """Likeness, part and whole of the pairs that deserve a closer look."""
    step = int(np.ceil(len(parts) * len(wholes) * len(windows(1.0)) / (_MOST_COMPARED / 2))) or 1
    parts = parts[::step]
    groups = [(some, others) for some in _by_shape(parts) for others in _by_shape(wholes)]
    found: list[tuple[float, _Image, _Image]] = []
    for some, others in track(groups, len(groups), 'crops') if track else groups:
        ratio = _shape(some[0]) / _shape(others[0])
        if windows(ratio):
            found += _likest(some, others, windows(ratio))
    best: dict[str, list] = {}
    for one in sorted(found, key=lambda one: -one[0]):
        best.setdefault(one[1].path, []).append(one)
    return [one for likest in best.values() for one in likest[:_CANDIDATES]]


def _shape(image: _Image) -> float:
    return image.facts.width / image.facts.height


def _by_shape(images: Sequence[_Image]) -> list[list[_Image]]:
    """Images of about one width to height together."""
    groups: dict[int, list[_Image]] = {}
    for image in images:
        groups.setdefault(round(8 * float(np.log2(_shape(image)))), []).append(image)
    return list(groups.values())


def _likest(
    parts: Sequence[_Image], wholes: Sequence[_Image], places: Sequence[Window]
) -> Iterator[tuple[float, _Image, _Image]]:
    thumbs = np.stack([image.facts.thumbnail for image in wholes]).astype(np.float32)
    looked_for = describe(np.stack([image.facts.thumbnail for image in parts]).astype(np.float32))
    rows = max(_CELLS // len(parts), 1)
    for start in range(0, len(wholes), rows):
        likeness = np.full((len(parts), len(thumbs[start : start + rows])), -1, np.float32)
        for window in places:
            np.maximum(likeness, looked_for @ describe(thumbs[start : start + rows], window).T, out=likeness)
        for part, column in zip(*np.nonzero(likeness >= _floor(likeness))):
            yield float(likeness[part, column]), parts[part], wholes[start + column]


def _floor(likeness: np.ndarray) -> np.ndarray:
    """(parts, 1): below it, others are liker."""
    kept = min(_CANDIDATES, likeness.shape[1])
    return np.maximum(np.partition(likeness, -kept, axis=1)[:, -kept, None], _ALIKE)


def _is_part(part: _Image, whole: _Image) -> bool:
    if is_same(part.facts.thumbnail, whole.facts.thumbnail):
        return False  # a copy of the whole, which is reported as such
    try:
        small, large = (read_grey(image.path, image.backend_args, _SIDE) for image in (part, whole))
    except UnreadableFileError:  # gone since it was read
        return False
    thumbs = [image.facts.thumbnail[None].astype(np.float32) for image in (part, whole)]
    places = windows(_shape(part) / _shape(whole))
    best = max(places, key=lambda window: float((describe(thumbs[0]) @ describe(thumbs[1], window).T).item()))
    return find_window(small, large, best) >= _FOUND
