from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from mmseg_liteseg.images import ImageFileError, decode_mask, read_mask
from tests.images.builders import encode, exif, pil_file, pixels

LABELS = pixels((6, 9), high=5)


def palette_file():
    image = Image.fromarray(LABELS, 'P')
    image.putpalette([0, 0, 0, 9, 9, 9, 200, 0, 0, 0, 200, 0, 0, 0, 200])
    file = io.BytesIO()
    image.save(file, 'PNG')
    return file.getvalue()


@pytest.mark.parametrize(
    'data',
    [encode(LABELS), encode(LABELS, '.tif'), encode(LABELS, '.bmp'), palette_file(), encode(LABELS.astype(np.uint16))],
)
def test_indices_with_or_without_palette_and_of_16_bits(data):
    labels = decode_mask(data, 'a')
    assert labels.dtype == np.uint8
    np.testing.assert_array_equal(labels, LABELS)


def test_bits():
    data = pil_file(LABELS % 2 * 255, 'PNG', '1')
    np.testing.assert_array_equal(decode_mask(data, 'a'), LABELS % 2)


def test_values_beyond_255_are_kept():
    labels = LABELS.astype(np.uint16) * 256
    found = decode_mask(encode(labels), 'a')
    assert found.dtype == np.uint16
    np.testing.assert_array_equal(found, labels)


def test_turned_with_its_picture():
    np.testing.assert_array_equal(decode_mask(pil_file(LABELS, 'PNG', exif=exif(3)), 'a'), LABELS[::-1, ::-1])


COLOURS = pixels((6, 9, 3))


@pytest.mark.parametrize(
    ('data', 'reason'),
    [
        (pil_file(COLOURS, 'PNG'), 'mode RGB, .*It holds colours, such as'),
        (pil_file(COLOURS, 'PNG', 'RGBA'), 'mode RGBA, .*It holds colours'),
        (pil_file(COLOURS, 'JPEG'), 'mode RGB'),
        (pil_file(COLOURS, 'JPEG', 'CMYK'), 'mode CMYK'),
        (pil_file(LABELS, 'PNG', 'LA'), 'mode LA, .*Its channels are equal, values 0 to 4: save one of them'),
        (pil_file(LABELS, 'PNG', 'RGB'), 'mode RGB, .*Its channels are equal'),
        (encode(LABELS.astype(np.float32), '.tif'), 'mode F, .*whole numbers'),
        (encode(LABELS)[:-40], 'cannot be read'),
        (b'x', 'cannot be read'),
    ],
)
def test_what_is_no_mask_is_named_with_its_mode_and_the_cure(data, reason):
    with pytest.raises(ImageFileError, match=f'^mask some.png: .*{reason}') as caught:
        decode_mask(data, 'some.png')
    assert '\n' not in str(caught.value)


def test_from_a_file(tmp_path):
    (tmp_path / 'a.png').write_bytes(encode(LABELS))
    np.testing.assert_array_equal(read_mask(tmp_path / 'a.png'), LABELS)
    with pytest.raises(ImageFileError, match='no such file'):
        read_mask(tmp_path / 'b.png')
