from __future__ import annotations

import numpy as np
import pytest

from mmseg_liteseg.images import ImageFileError, check_range
from tests.images.builders import pixels

EIGHT = ([127.5] * 3, [127.5] * 3)
IMAGENET = ([123.675, 116.28, 103.53], [58.395, 57.12, 57.375])
TWELVE = ([1900.0] * 4, [700.0] * 4)


@pytest.mark.parametrize(
    ('values', 'mean_std'),
    [
        (pixels((40, 40, 3)), EIGHT),
        (pixels((40, 40, 3)).astype(np.float32), IMAGENET),
        (np.zeros((40, 40, 3), np.uint8), IMAGENET),
        (np.full((40, 40, 3), 255, np.uint8), IMAGENET),
        (pixels((40, 40, 4), np.float32, 4088), TWELVE),
        (np.zeros((40, 40, 4), np.float32), TWELVE),
        (np.random.default_rng(0).random((40, 40)), ([0.5], [0.2])),
        (np.where(pixels((40, 40)) < 30, np.nan, 100.0), EIGHT),
    ],
)
def test_what_belongs_together_passes(values, mean_std):
    check_range(values, *mean_std, 'a')


@pytest.mark.parametrize(
    ('values', 'mean_std', 'reason'),
    [
        (pixels((40, 40, 3), np.float32, 4088), EIGHT, 'most of its values'),
        (pixels((40, 40, 3), np.uint16, 65536), IMAGENET, 'most of its values'),
        (np.random.default_rng(0).random((40, 40, 3)), EIGHT, 'values are 0 to 1, the mean is 127.5'),
        (pixels((40, 40, 4)), TWELVE, 'values have 8 bits, the mean is 1900'),
        (np.full((4, 4), np.nan), EIGHT, 'none of its values is a number'),
    ],
)
def test_what_cannot_be_meant_is_named(values, mean_std, reason):
    with pytest.raises(ImageFileError, match=f'image a: .*{reason}'):
        check_range(values, *mean_std, 'a')
