"""What must hold of an image and its mask before anything is done to them."""

from __future__ import annotations

import numpy as np

from mmseg_liteseg.images import ImageFileError, shown

_EIGHT_BITS = 255


def check_sizes(results: dict, size: tuple[int, int] | None = None) -> None:
    """Compares the sizes of masks and image. Resizing would stretch a wrong one, and say nothing.

    Args:
        results: Of the pipeline.
        size: (H, W) of the image as loaded; that of ``img`` by default.

    Raises:
        ImageFileError: they differ; names both files.
    """
    if size is None:
        size = results['img'].shape[:2]
    for key in results.get('seg_fields', []):
        found = results[key].shape[:2]
        if tuple(found) == tuple(size):
            continue
        hint = ''
        if tuple(found) == tuple(size)[::-1]:
            hint = (
                '. They are turned against each other: images are turned as their EXIF orientation says, masks must be '
                'drawn on what a viewer shows'
            )
        raise ImageFileError(
            f'mask {shown(results.get("seg_map_path", key))}: {found[0]} x {found[1]} pixels (height x width), but its '
            f'image {shown(results.get("img_path", "img"))} has {size[0]} x {size[1]}{hint}'
        )


def check_eight_bits(results: dict, purpose: str) -> None:
    """Refuses images that are no colours of 0 to 255.

    Args:
        results: Of the pipeline.
        purpose: What cannot be done to others, such as 'RandomDistort'.

    Raises:
        ImageFileError: the image has not three channels, came from a file of more than 8 bits, or holds values beyond.
    """
    image, name = results['img'], shown(results.get('img_path', 'img'))
    cure = f'remove {purpose} from the pipeline'
    if image.ndim != 3 or image.shape[2] != 3:
        raise ImageFileError(f'image {name}: {purpose} expects shape (H, W, 3), found {image.shape}: {cure}')
    depth = results.get('img_depth', 'uint8')
    if depth != 'uint8':
        raise ImageFileError(f'image {name}: {purpose} is for 8 bits, its values are {depth}: {cure}')
    if image.dtype != np.uint8 and not (image.min() >= 0 and image.max() <= _EIGHT_BITS):
        raise ImageFileError(
            f'image {name}: {purpose} is for values of 0 to 255, found {image.min():g} to {image.max():g}: {cure}'
        )
