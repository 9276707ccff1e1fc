"""PaddleSeg's training augmentation and test-time augmentation, value for value, for mmseg's pipelines."""

from __future__ import annotations

from .base import RandomTransform
from .check_labels import CheckLabels
from .copy_paste import CopyPaste
from .distort import RandomDistort
from .geometric import RandomHorizontalFlip, RandomPaddingCrop, ResizeStepScaling
from .loading import LoadAnnotations, LoadImageFromFile
from .multi_label import LoadMultiLabelAnnotations, PackMultiLabelInputs
from .scale_crop import RandomScaleCrop
from .test_time_aug import MultiScaleFlip

__all__ = [
    'CheckLabels',
    'CopyPaste',
    'LoadAnnotations',
    'LoadImageFromFile',
    'LoadMultiLabelAnnotations',
    'MultiScaleFlip',
    'PackMultiLabelInputs',
    'RandomDistort',
    'RandomHorizontalFlip',
    'RandomPaddingCrop',
    'RandomScaleCrop',
    'RandomTransform',
    'ResizeStepScaling',
]
