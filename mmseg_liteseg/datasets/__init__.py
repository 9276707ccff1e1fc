from .cache import CachedLoading
from .camvid import CamVidDataset
from .pair_list import PairListDataset
from .stream import SeededDataset, StreamSampler
from .synthetic_street import SyntheticStreetDataset
from .transforms import (
    CheckLabels,
    LoadAnnotations,
    LoadImageFromFile,
    MultiScaleFlip,
    RandomDistort,
    RandomHorizontalFlip,
    RandomPaddingCrop,
    RandomScaleCrop,
    ResizeStepScaling,
)

__all__ = [
    'CachedLoading',
    'CamVidDataset',
    'CheckLabels',
    'LoadAnnotations',
    'LoadImageFromFile',
    'MultiScaleFlip',
    'PairListDataset',
    'RandomDistort',
    'RandomHorizontalFlip',
    'RandomPaddingCrop',
    'RandomScaleCrop',
    'ResizeStepScaling',
    'SeededDataset',
    'StreamSampler',
    'SyntheticStreetDataset',
]
