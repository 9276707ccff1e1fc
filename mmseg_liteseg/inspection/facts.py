"""What is known of an image or mask file once it has been read."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from mmseg_liteseg.errors import LiteSegError

THUMBNAIL = 32


class UnreadableFileError(LiteSegError):
    """A file that is missing, truncated, too large or no picture; the message says which, without the path."""


@dataclass(frozen=True)
class Header:
    """What a picture says of itself.

    Args:
        height: Rows as stored, before any EXIF rotation.
        width: Columns as stored.
        channels: Bands; 1 for a palette.
        bits: Per channel, as stored in the file: 1, 2, 4, 8, 16 or 32.
        mode: Pillow's mode ('L', 'P', 'RGB', 'LA', 'I;16', ...); '' where OpenCV had to read the file.
        format: 'PNG', 'JPEG', ...
        orientation: EXIF's, 1 (upright) to 8.
        frames: Pictures in the file.
        is_float: Whether values are floating-point numbers.
    """

    height: int
    width: int
    channels: int
    bits: int
    mode: str
    format: str
    orientation: int = 1
    frames: int = 1
    is_float: bool = False

    @property
    def size(self) -> tuple[int, int]:
        """Height and width as stored."""
        return self.height, self.width

    @property
    def upright_size(self) -> tuple[int, int]:
        """Height and width after the rotation that EXIF asks for."""
        return (self.width, self.height) if self.orientation >= 5 else self.size


@dataclass(frozen=True)
class ImageFacts(Header):
    """An image that could be read to its end.

    Args:
        thumbnail: Grey copy of 32 x 32, uint8.
        limits: Smallest and largest value, where values have more than 8 bits.
    """

    thumbnail: np.ndarray = field(default_factory=lambda: np.zeros((THUMBNAIL,) * 2, np.uint8), compare=False)
    limits: tuple[float, float] | None = None


@dataclass(frozen=True)
class MaskFacts(Header):
    """A mask that could be read to its end.

    Args:
        counts: Pixels by value, as Pillow (and so mmseg) reads them; of a mask with several channels, none.
        colours: The most frequent colours with their pixels, where there are several channels.
        is_whole: False if floating-point values are not whole numbers.
    """

    counts: dict[int, int] = field(default_factory=dict)
    colours: dict[tuple[int, ...], int] = field(default_factory=dict)
    is_whole: bool = True

    @property
    def pixels(self) -> int:
        """Height x width."""
        return self.height * self.width
