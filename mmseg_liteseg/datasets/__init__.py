from .camvid import CamVidDataset
from .synthetic_street import SyntheticStreetDataset
from .transforms import MultiScaleFlip, RandomDistort, RandomHorizontalFlip, RandomPaddingCrop, ResizeStepScaling

__all__ = [
    'CamVidDataset',
    'MultiScaleFlip',
    'RandomDistort',
    'RandomHorizontalFlip',
    'RandomPaddingCrop',
    'ResizeStepScaling',
    'SyntheticStreetDataset',
]
