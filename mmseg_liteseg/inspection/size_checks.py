"""Sizes of the images against crops, strides and batches."""

from __future__ import annotations

from collections import Counter
from typing import Iterator, Sequence

from mmseg_liteseg.wording import are, count

from .file_checks import loaded_size
from .finding import Finding
from .scan import PartScan
from .setup import Setup, bare

_STRIDE = 32
_CROPS = ('RandomScaleCrop', 'RandomPaddingCrop', 'RandomCrop')
_WHERE = 10


def sizes_of(scans: Sequence[PartScan]) -> Counter:
    """How many images there are of each size (height, width), as they are loaded."""
    return Counter(loaded_size(scan.part, image) for scan in scans for _, image in scan.images)


def check_sizes(setup: Setup, split: str, scans: Sequence[PartScan]) -> list[Finding]:
    """What the sizes of a split's images do not go with."""
    if split == 'train':
        return [finding for scan in scans for finding in [*_check_crop(scan), *_check_small(scan)]]
    return list(_check_batch(setup, split, scans))


def _check_crop(scan: PartScan) -> Iterator[Finding]:
    """Crops that are mostly padding, or see next to nothing of an image."""
    crop = next((step['crop_size'] for step in scan.part.steps(*_CROPS) if 'crop_size' in step), None)
    sizes = sizes_of([scan])
    # behind a resize its settings decide the sizes, not the files
    if crop is None or not sizes or scan.part.steps('Resize', 'RandomResize'):
        return
    height, width = (crop, crop) if isinstance(crop, int) else crop
    # at the largest scale of the augmentation: at others padding is part of the recipe
    scale = max(
        (step.get('max_scale_factor', 1.0) for step in scan.part.steps('RandomScaleCrop', 'ResizeStepScaling')),
        default=1.0,
    )
    small = sum(count for (h, w), count in sizes.items() if h * scale < height or w * scale < width)
    where = (
        f'{scan.part.where}.pipeline',
        *(f'{h}x{w}: {count(number, "image")}' for (h, w), number in sizes.most_common(3)),
    )
    if small:
        yield Finding(
            'warning',
            'crop-size',
            f'train: {small} of {sum(sizes.values())} images are smaller than the crop {height}x{width} even at their '
            f'largest scale ({scale:g})',
            where,
            'every crop of them is padded',
            'choose a crop within the images',
            small,
            'train',
        )
        return
    share = height * width / max(h * w for h, w in sizes)
    if share < 0.02:
        yield Finding(
            'note',
            'crop-size',
            f'train: a crop of {height}x{width} shows {share:.1%} of an image at scale 1',
            where,
            'large things are never seen as a whole',
            'train on larger crops, or on images that are scaled down',
            split='train',
        )


def _check_small(scan: PartScan) -> Iterator[Finding]:
    tiny = [f'{path} ({image.height}x{image.width})' for path, image in scan.images if min(image.size) < _STRIDE]
    if tiny:
        yield Finding(
            'warning',
            'small-image',
            f'train: {count(len(tiny), "image")} {are(len(tiny))} less than {_STRIDE} pixels high or wide',
            tuple(tiny[:_WHERE]),
            f'at the coarsest level, 1/{_STRIDE}, nothing of them is left',
            'scale them up or take them out',
            len(tiny),
            'train',
        )


def _check_batch(setup: Setup, split: str, scans: Sequence[PartScan]) -> Iterator[Finding]:
    """Batches of images of several sizes cannot be stacked, and validation pads nothing by itself."""
    batch = (setup.cfg.get(f'{split}_dataloader') or {}).get('batch_size') or 1
    sizes = sizes_of(scans)
    # with test_cfg the preprocessor pads a batch to one size
    if batch == 1 or len(sizes) < 2 or setup.preprocessor.get('test_cfg') or _resized(scans):
        return
    yield Finding(
        'error',
        'batch-sizes',
        f'{split}_dataloader.batch_size is {batch}, but the {split} images have {len(sizes)} sizes',
        (
            f'{split}_dataloader.batch_size',
            *(f'{h}x{w}: {count(number, "image")}' for (h, w), number in sizes.most_common(3)),
        ),
        'images of a batch must have one size',
        f'set {split}_dataloader.batch_size=1',
        split=split,
    )


def _resized(scans: Sequence[PartScan]) -> bool:
    """Whether every image is brought to one size."""
    steps = [step for scan in scans for step in scan.part.steps('Resize', 'Pad', 'CenterCrop')]
    return any(bare(step['type']) != 'Resize' or (step.get('scale') and not step.get('keep_ratio')) for step in steps)
