from .cache import CachedLoading
from .camvid import CamVidDataset
from .multi_label import MultiLabelDataset
from .pair_list import PairListDataset
from .stream import SeededDataset, StreamSampler
from .synthetic_street import SyntheticStreetDataset
from .tolerant import TolerantDataset
from .transforms import (
    CheckLabels,
    LoadAnnotations,
    LoadImageFromFile,
    LoadMultiLabelAnnotations,
    MultiScaleFlip,
    PackMultiLabelInputs,
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
    'LoadMultiLabelAnnotations',
    'MultiLabelDataset',
    'MultiScaleFlip',
    'PackMultiLabelInputs',
    'PairListDataset',
    'RandomDistort',
    'RandomHorizontalFlip',
    'RandomPaddingCrop',
    'RandomScaleCrop',
    'ResizeStepScaling',
    'SeededDataset',
    'StreamSampler',
    'SyntheticStreetDataset',
    'TolerantDataset',
]
