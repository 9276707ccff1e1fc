"""Tells masks from photos by what they hold."""

from __future__ import annotations

from pathlib import Path
from typing import Sequence

import numpy as np
from PIL import Image

# Files of a group that are decoded; colours up to which an image may be a mask; the part that is looked at.
_LOOK_AT = 5
_FEW_COLOURS = 40
_MAX_SIDE = 256


def looks_like_mask(paths: Sequence[Path]) -> bool:
    """Whether most of some files of a group hold large areas of few values."""
    step = max(1, len(paths) // _LOOK_AT)
    votes = [vote for vote in map(_is_flat, paths[::step][:_LOOK_AT]) if vote is not None]
    return sum(votes) > len(votes) / 2


def _is_flat(path: Path) -> bool | None:
    """Whether nine of ten pixels equal their right neighbour, or few colours are used at all; None if unreadable."""
    try:
        with Image.open(path) as image:
            # photos are not stored with a palette, but for GIFs, which know nothing else
            if image.mode in ('P', '1') and path.suffix.lower() != '.gif':
                return True
            side = max(image.size)
            pixels = np.asarray(image.convert('RGB') if image.mode not in ('I;16', 'I', 'F') else image)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return None
    pixels = pixels[:_MAX_SIDE, :_MAX_SIDE] if side > _MAX_SIDE else pixels
    pixels = pixels.reshape(*pixels.shape[:2], -1).astype(np.int64)
    codes = (pixels << (8 * np.arange(pixels.shape[2]))).sum(2) if pixels.shape[2] > 1 else pixels[..., 0]
    few = len(np.unique(codes)) <= min(_FEW_COLOURS, codes.size // 16)
    # JPEG rings around every edge of a mask
    tolerance = 8 if path.suffix.lower() in ('.jpg', '.jpeg') else 0
    same = (np.abs(np.diff(pixels, axis=1)).max(2) <= tolerance).mean() if codes.shape[1] > 1 else 0
    return bool(few or same > 0.9)
