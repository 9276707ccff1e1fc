from __future__ import annotations

import io

import cv2
import mmcv
import numpy as np
import pytest
import tifffile
from PIL import Image

from mmseg_liteseg.images import COLOR_TYPES, ImageFileError, decode_image
from mmseg_liteseg.images.orientation import turn
from tests.images.builders import encode, exif, pil_file, pixels, png_header

RGB = pixels((6, 9, 3))
SOUND = {
    'rgb.png': encode(RGB),
    'rgb.jpg': encode(RGB, '.jpg'),
    'rgb.bmp': encode(RGB, '.bmp'),
    'rgb.tif': encode(RGB, '.tif'),
    'rgb.webp': pil_file(RGB, 'WEBP'),
    'rgba.png': encode(pixels((6, 9, 4))),
    'grey.png': encode(RGB[..., 0]),
    'grey.jpg': encode(RGB[..., 0], '.jpg'),
    'la.png': pil_file(RGB, 'PNG', 'LA'),
    'palette.png': pil_file(RGB, 'PNG', 'P'),
    'bits.png': pil_file(RGB, 'PNG', '1'),
    'cmyk.jpg': pil_file(RGB, 'JPEG', 'CMYK'),
    'cmyk.tif': pil_file(RGB, 'TIFF', 'CMYK'),
    'deep.png': encode(pixels((6, 9, 3), np.uint16, 65536)),
    'deep grey.png': encode(pixels((6, 9), np.uint16, 65536)),
    'deep.tif': encode(pixels((6, 9, 3), np.uint16, 65536), '.tif'),
    'dot.png': encode(RGB[:1, :1]),
    'row.png': encode(RGB[:1]),
    'turned.jpg': pil_file(RGB, 'JPEG', exif=exif(6)),
    'turned.png': pil_file(RGB, 'PNG', exif=exif(8)),
    'animated.gif': pil_file(RGB, 'GIF', save_all=True, append_images=[Image.fromarray(RGB[::-1])]),
    'animated.png': pil_file(RGB, 'PNG', save_all=True, append_images=[Image.fromarray(RGB[::-1])]),
    'pages.tif': pil_file(RGB, 'TIFF', save_all=True, append_images=[Image.fromarray(RGB[::-1])]),
}


@pytest.mark.parametrize('color_type', [name for name in COLOR_TYPES if name != 'unchanged'] + [3, 2])
@pytest.mark.parametrize('name', SOUND)
def test_equal_to_the_hosts_reader(name, color_type):
    np.testing.assert_array_equal(
        decode_image(SOUND[name], name, color_type), mmcv.imfrombytes(SOUND[name], flag=color_type, backend='cv2')
    )


@pytest.mark.parametrize('name', [name for name in SOUND if not name.startswith('turned')])
def test_unchanged_is_the_hosts_where_nothing_is_turned(name):
    np.testing.assert_array_equal(
        decode_image(SOUND[name], name, 'unchanged'), mmcv.imfrombytes(SOUND[name], flag='unchanged', backend='cv2')
    )


@pytest.mark.parametrize('kind', ['JPEG', 'PNG', 'TIFF', 'WEBP'])
@pytest.mark.parametrize('orientation', range(1, 9))
def test_orientation_is_the_same_whatever_is_asked(kind, orientation):
    flat = np.repeat(np.repeat(np.arange(0, 240, 40, dtype=np.uint8).reshape(2, 3), 16, 0), 16, 1)  # JPEG's blocks
    data = pil_file(
        np.dstack([flat] * 3), kind, exif=exif(orientation), **({'lossless': True} if kind == 'WEBP' else {})
    )
    colour, unchanged = decode_image(data, 'a', 'color'), decode_image(data, 'a', 'unchanged')
    np.testing.assert_array_equal(unchanged, colour)
    assert colour.shape == ((32, 48, 3) if orientation < 5 else (48, 32, 3))
    corners = {1: 0, 2: 80, 3: 200, 4: 120, 5: 0, 6: 120, 7: 200, 8: 80}
    assert abs(int(colour[0, 0, 0]) - corners[orientation]) <= 3


@pytest.mark.parametrize(
    ('bands', 'planar'), [(1, 'contig'), (2, 'contig'), (4, 'contig'), (4, 'separate'), (13, 'contig')]
)
@pytest.mark.parametrize('dtype', [np.uint8, np.uint16, np.int16, np.float32])
def test_bands_come_in_the_files_order_and_depth(bands, planar, dtype):
    image = pixels((6, 9, bands), dtype, 200)
    stored = image if planar == 'contig' else image.transpose(2, 0, 1)
    file = io.BytesIO()
    tifffile.imwrite(file, stored, photometric='minisblack', planarconfig=planar if bands > 1 else None)
    found = decode_image(file.getvalue(), 'a.tif', 'unchanged')
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, image.squeeze())


@pytest.mark.parametrize('channels', [3, 4, 6])
@pytest.mark.parametrize('dtype', [np.uint8, np.uint16, np.float32])
def test_colours_of_a_tiff_come_as_bgr_and_bands_behind_them(channels, dtype):
    image = pixels((6, 9, channels), dtype, 200)
    file = io.BytesIO()
    tifffile.imwrite(file, image, photometric='rgb')
    expected = np.concatenate([image[..., 2::-1], image[..., 3:]], axis=2)
    np.testing.assert_array_equal(decode_image(file.getvalue(), 'a.tif', 'unchanged'), expected)


def test_grey_pages_are_bands_to_unchanged_and_the_first_is_the_picture_else():
    image = pixels((5, 6, 9))
    file = io.BytesIO()
    tifffile.imwrite(file, image, photometric='minisblack')
    np.testing.assert_array_equal(decode_image(file.getvalue(), 'a', 'unchanged'), image.transpose(1, 2, 0))
    np.testing.assert_array_equal(decode_image(file.getvalue(), 'a', 'grayscale'), image[0])


@pytest.mark.parametrize('dtype', [np.uint8, np.uint16, np.float32])
def test_rows_that_were_written_as_pages(dtype):
    image = pixels((20, 30, 5), dtype, 200)
    file = io.BytesIO()
    tifffile.imwrite(file, image, photometric='minisblack')  # 20 pages of 30 x 5
    np.testing.assert_array_equal(decode_image(file.getvalue(), 'a', 'unchanged'), image)
    with pytest.raises(ImageFileError, match='5 bands that are no colours'):
        decode_image(file.getvalue(), 'a')


@pytest.mark.parametrize(
    ('array', 'ending', 'reason'),
    [
        (pixels((6, 9, 3), np.uint16, 4088), '.png', r'no value above \d+; as 8 bits it would be black'),
        (pixels((6, 9), np.uint16, 200), '.png', 'as 8 bits it would be black'),
        (pixels((6, 9, 3), np.float32), '.tif', 'float32, expected 8 or 16 bits'),
        (pixels((6, 9), np.float32), '.tif', 'no 8-bit colours'),
    ],
)
def test_what_eight_bits_cannot_hold_is_refused(array, ending, reason):
    with pytest.raises(ImageFileError, match=rf"^image a: .*{reason}.*color_type='unchanged'"):
        decode_image(encode(array, ending), 'a')


@pytest.mark.parametrize('bands', [2, 4, 5])
def test_bands_are_no_colours(bands):
    file = io.BytesIO()
    tifffile.imwrite(
        file, pixels((6, 9, bands)), photometric='minisblack', planarconfig='contig', extrasamples=[0] * (bands - 1)
    )
    with pytest.raises(ImageFileError, match=r"image a: .*color_type='unchanged'"):
        decode_image(file.getvalue(), 'a')


def test_a_black_picture_of_16_bits_is_a_picture():
    assert not decode_image(encode(np.zeros((2, 3), np.uint16)), 'a').any()


LARGE = pixels((64, 96, 3))
BROKEN = {
    'text': b'this is no picture',
    'one byte': b'\x89',
    'bomb': png_header(30000, 30000),
    'lying': png_header(3000, 2000),
    'no size': png_header(0, 0),
    **{f'half {end}': encode(LARGE, end)[:-2000] for end in ('.png', '.jpg', '.bmp', '.tif')},
    'half webp': pil_file(LARGE, 'WEBP')[:-500],
    'half gif': pil_file(LARGE, 'GIF')[:-500],
    'half bands': b'II*\0' + bytes(40),
}


@pytest.mark.parametrize('color_type', ['color', 'unchanged', 'grayscale'])
@pytest.mark.parametrize('name', BROKEN)
def test_broken_files_are_named_in_one_line(name, color_type):
    with pytest.raises(ImageFileError, match=rf'^image {name}: .+') as caught:
        decode_image(BROKEN[name], name, color_type)
    assert '\n' not in str(caught.value)


def test_a_bomb_is_not_decoded_unless_asked(monkeypatch):
    monkeypatch.setattr(cv2, 'imdecode', None)
    with pytest.raises(ImageFileError, match=r'900000000 pixels.*OPENCV_IO_MAX_IMAGE_PIXELS'):
        decode_image(BROKEN['bomb'], 'a')
    monkeypatch.setenv('OPENCV_IO_MAX_IMAGE_PIXELS', '1000000000')
    with pytest.raises(TypeError):  # OpenCV is asked
        decode_image(BROKEN['bomb'], 'a')


@pytest.mark.parametrize('color_type', ['colour', True, None])
def test_unknown_color_type(color_type):
    with pytest.raises(ImageFileError, match='color_type: expected one of color,'):
        decode_image(SOUND['rgb.png'], 'a', color_type)


@pytest.mark.parametrize('orientation', [3, 6, 8])
def test_four_samples_of_a_turned_tiff_are_turned_once(orientation):
    rgba = pixels((6, 9, 4), np.uint8, 256)
    data = pil_file(rgba, 'TIFF', exif=exif(orientation))
    found = decode_image(data, 'a.tif', 'unchanged')
    np.testing.assert_array_equal(found, turn(rgba[..., [2, 1, 0, 3]], orientation))
