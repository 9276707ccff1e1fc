"""Large pictures tile by tile: memory of one tile, whatever the picture's size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterator

import numpy as np

from mmseg_liteseg.deploy.errors import DeployError
from mmseg_liteseg.deploy.fields import check_size, check_whole


@dataclass(frozen=True)
class Tiling:
    """How a picture is cut.

    Neighbours overlap, and each gives the pixels that are nearer to its middle: what a network sees at a tile's border
    lacks its surroundings. SPPM pools over all that the network sees, so a tile's context is the tile's, and masks are
    not those of the whole picture everywhere.

    Attributes:
        size: Sides (H, W) of a tile.
        overlap: Pixels that neighbours share.

    Raises:
        DeployError: there is nothing between the overlaps.

    Example:
        >>> [(tile.read, tile.keep) for tile in Tiling((4, 4), 2).spans(4, 7)][1][0]
        (slice(0, 4, None), slice(2, 6, None))
    """

    size: tuple[int, int]
    overlap: int

    def __post_init__(self) -> None:
        check_size('tile', self.size)
        check_whole('tile overlap', self.overlap, 0)
        if min(self.size) <= self.overlap:
            raise DeployError(
                f'tile: expected sides larger than the overlap, got {self.size[0]}x{self.size[1]} and {self.overlap}'
            )

    def spans(self, height: int, width: int) -> Iterator[Tile]:
        """The tiles of a picture; a side that is shorter than a tile is taken whole."""
        rows, columns = _cut(height, self.size[0], self.overlap), _cut(width, self.size[1], self.overlap)
        for read_rows, keep_rows in rows:
            for read_columns, keep_columns in columns:
                yield Tile((read_rows, read_columns), (keep_rows, keep_columns))


@dataclass(frozen=True)
class Tile:
    """Rows and columns of a picture.

    Attributes:
        read: What the network sees.
        keep: The part whose labels are kept; those of all tiles make up the picture.
    """

    read: tuple[slice, slice]
    keep: tuple[slice, slice]

    def kept(self, labels: np.ndarray) -> np.ndarray:
        """The kept part of labels (..., H, W) of what was read."""
        inner = tuple(slice(k.start - r.start, k.stop - r.start) for r, k in zip(self.read, self.keep))
        return labels[(..., *inner)]


def _cut(length: int, size: int, overlap: int) -> list[tuple[slice, slice]]:
    """One side: what is read and what of it is kept. The last tile ends with the side and overlaps more."""
    if length <= size:
        return [(slice(0, length), slice(0, length))]
    # no tile is smaller than the others: fixed-size models take it, and its context is as wide
    starts = [*range(0, length - size, size - overlap), length - size]
    spans, begin = [], 0
    for i, start in enumerate(starts):
        # halfway into what it shares with the next
        end = length if i + 1 == len(starts) else (start + size + starts[i + 1]) // 2
        spans.append((slice(start, start + size), slice(begin, end)))
        begin = end
    return spans
