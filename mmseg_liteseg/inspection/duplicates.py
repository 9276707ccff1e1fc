"""Images that two splits share, or nearly share: what is tested has been trained."""

from __future__ import annotations

import importlib.util
from typing import Iterator, Sequence

import numpy as np
from PIL import Image

from mmseg_liteseg.images.orientation import turn

from .finding import Finding
from .scan import PartScan

_BITS = 4  # of 64 that may differ: a frame from the next in a film, a recompressed or resized copy
_SAME = 0.98  # correlation of the grey thumbnails; flat images share their hash without being alike
_WHERE = 10
_CELLS = 2**21  # pairs compared at a time: bounds memory
_ONES = np.array([bin(byte).count('1') for byte in range(256)], np.uint8)  # numpy counts bits since 2.0 only


def check_duplicates(scans: Sequence[PartScan], first: str = 'train') -> list[Finding]:
    """Looks for images of ``first`` in the other splits, by perceptual hash (pHash of the package imagehash).

    A file that both list is always found; a near copy only where imagehash is installed.
    """
    others = sorted({scan.part.split for scan in scans} - {first})
    if importlib.util.find_spec('imagehash') is None:
        cure = 'pip install imagehash'
        return [Finding('note', 'no-imagehash', 'near-duplicates across splits were not looked for', cure=cure)]
    trained, left = _images(scans, first), []
    for split in others:
        left += _compare(trained, _images(scans, split), first, split)
    return left


def _images(scans: Sequence[PartScan], split: str) -> list[tuple[str, np.ndarray]]:
    found = {path: facts.thumbnail for scan in scans if scan.part.split == split for path, facts in scan.images}
    return list(found.items())


def _compare(trained: list, tested: list, first: str, split: str) -> Iterator[Finding]:
    images = [image for _, image in trained]
    # once: the tested images are hashed anew for each of the eight orientations
    hashes = _hashes(images)
    # one each: a film's frames would otherwise pair with all their neighbours
    partner: dict[int, tuple[int, int]] = {}
    for orientation in range(1, 9):  # as it is, then mirrored and turned
        rest = [column for column in range(len(tested)) if column not in partner]
        turned = [turn(tested[column][1], orientation) for column in rest]
        for row, place in find_pairs(images, turned, hashes):
            partner.setdefault(rest[place], (row, orientation))
    if not partner:
        return
    found = sorted(partner.items())
    pairs = [(tested[column][0], trained[row][0], orientation) for column, (row, orientation) in found]
    same = all(one == other for one, other, _ in pairs)
    mirrored = sum(orientation > 1 for _, _, orientation in pairs)
    yield Finding(
        'warning',
        'duplicates',
        f'{len(pairs)} of {len(tested)} {split} images are {"" if same else "(nearly) "}in {first} as well'
        + (f', {mirrored} of them mirrored or turned' if mirrored else ''),
        tuple(f'{one} = {other}{" (mirrored or turned)" * (way > 1)}' for one, other, way in pairs[:_WHERE]),
        'results on them say little about new images',
        f'move whole groups (films, places, patients) into {first} or {split}, never parts of one',
        len(pairs),
        split,
    )


def find_pairs(
    trained: Sequence[np.ndarray], tested: Sequence[np.ndarray], hashes: np.ndarray | None = None
) -> Iterator[tuple[int, int]]:
    """Pairs of thumbnails (h, w), uint8, that show the same: indices into both lists.

    Args:
        trained: Some.
        tested: Others.
        hashes: Those of ``trained``, if they are known.

    Example:
        >>> ramp = np.tile(np.arange(0, 256, 8, dtype=np.uint8), (32, 1))
        >>> list(find_pairs([ramp.T, ramp], [ramp // 2 + 9]))
        [(1, 0)]
    """
    if not trained or not tested:
        return
    hashes, others = _hashes(trained) if hashes is None else hashes, _hashes(tested)
    rows = max(_CELLS // len(others), 1)
    for start in range(0, len(hashes), rows):
        different = hashes[start : start + rows, None] ^ others[None]
        bits = _ONES[different.view(np.uint8)].reshape(*different.shape, 8).sum(axis=2)
        for row, column in zip(*np.nonzero(bits <= _BITS)):
            # the hash finds candidates in bits; only pixels decide
            if is_same(trained[start + row], tested[column]):
                yield int(start + row), int(column)


def _hashes(images: Sequence[np.ndarray]) -> np.ndarray:
    """64 bits of each image, as uint64."""
    import imagehash

    if not images:
        return np.zeros(0, np.uint64)

    bits = [imagehash.phash(Image.fromarray(image)).hash.ravel() for image in images]
    return np.packbits(np.array(bits), axis=1).view(np.uint64).ravel()


def is_same(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two thumbnails (h, w) show the same, as they lie."""
    return _correlation(one, other) >= _SAME


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    """1 for images equal but for brightness and contrast; two flat images are as equal as their greys."""
    one, other = one.astype(np.float64).ravel(), other.astype(np.float64).ravel()
    a, b = one - one.mean(), other - other.mean()
    norm = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / norm if norm > 0 else float(np.array_equal(one, other))
