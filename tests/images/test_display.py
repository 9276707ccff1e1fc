from __future__ import annotations

import numpy as np
import pytest

from mmseg_liteseg.images import ImageFileError, read_picture, to_picture
from tests.images.builders import encode, pixels


def test_eight_bits_stay():
    image = pixels((6, 9, 3))
    np.testing.assert_array_equal(to_picture(image), image)
    np.testing.assert_array_equal(to_picture(image[..., 0]), np.dstack([image[..., 0]] * 3))
    np.testing.assert_array_equal(to_picture(np.dstack([image, image])), image)


@pytest.mark.parametrize('dtype', [np.uint16, np.int16, np.float32])
@pytest.mark.parametrize('channels', [1, 2, 3, 5])
def test_deep_values_are_stretched(dtype, channels):
    ramp = np.linspace(0, 4087, 64 * 64).reshape(64, 64, 1).repeat(channels, 2).astype(dtype)
    picture = to_picture(ramp)
    assert picture.shape == (64, 64, 3)
    assert picture.dtype == np.uint8
    assert (picture.min(), picture.max()) == (0, 255)
    assert abs(picture.mean() - 127.5) < 2


def test_what_is_no_number_is_black_and_does_not_count():
    image = np.array([[0, 1, np.nan, np.inf, -np.inf]], np.float32)
    assert to_picture(image)[0, :, 0].tolist() == [0, 255, 0, 255, 0]
    assert not to_picture(np.full((2, 2), np.nan, np.float32)).any()


def test_from_files_of_any_depth():
    image = pixels((6, 9, 3))
    np.testing.assert_array_equal(read_picture(encode(image), 'a'), image)
    dark = read_picture(encode(pixels((60, 90, 3), np.uint16, 4088)), 'a')
    assert (dark.min(), dark.max()) == (0, 255)
    assert read_picture(encode(pixels((6, 9), np.float32), '.tif'), 'a').max() == 255
    with pytest.raises(ImageFileError, match='image a: cannot be read'):
        read_picture(b'x', 'a')
