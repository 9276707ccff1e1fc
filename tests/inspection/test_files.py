from __future__ import annotations

import io
import os
import struct
import zlib

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

from mmseg_liteseg.inspection import UnreadableFileError, read_image, read_mask


def noise(*shape, dtype=np.uint8, high=256):
    return np.random.default_rng(0).integers(0, high, shape).astype(dtype)


def save(path, array, **options):
    Image.fromarray(array).save(path, **options)
    return str(path)


def png_of(width, height, bits, data):
    """A grey PNG from packed pixels."""

    def chunk(name, content):
        return struct.pack('>I', len(content)) + name + content + struct.pack('>I', zlib.crc32(name + content))

    header = struct.pack('>IIBBBBB', width, height, bits, 0, 0, 0, 0)
    return b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', header) + chunk(b'IDAT', data) + chunk(b'IEND', b'')


def grey_png(values, bits):
    """One row of less than 8 bits a pixel, which Pillow does not write."""
    packed = int(''.join(f'{value:0{bits}b}' for value in values), 2).to_bytes(len(values) * bits // 8, 'big')
    return png_of(len(values), 1, bits, zlib.compress(b'\0' + packed))


@pytest.mark.parametrize(
    ('name', 'shape', 'channels'),
    [('a.png', (20, 30, 3), 3), ('a.jpg', (200, 300, 3), 3), ('a.png', (20, 30), 1), ('a.png', (20, 30, 4), 4)],
)
def test_images_of_8_bits(tmp_path, name, shape, channels):
    facts = read_image(save(tmp_path / name, noise(*shape)))
    assert (facts.size, facts.channels, facts.bits, facts.limits) == (shape[:2], channels, 8, None)
    assert facts.thumbnail.shape == (32, 32)


def test_rows_written_as_pages_are_one_image(tmp_path):
    tifffile.imwrite(tmp_path / 'a.tif', noise(20, 30, 5, dtype=np.uint16, high=4088), photometric='minisblack')
    facts = read_image(str(tmp_path / 'a.tif'))
    assert (facts.size, facts.channels, facts.bits, facts.frames) == ((20, 30), 5, 16, 1)


def test_jpeg_and_png_of_one_picture_have_like_thumbnails(tmp_path):
    picture = cv2.GaussianBlur(noise(200, 300, 3), (0, 0), 20)
    picture = cv2.normalize(picture, None, 0, 255, cv2.NORM_MINMAX)
    jpeg, png = (read_image(save(tmp_path / name, picture)).thumbnail.astype(int) for name in ('a.jpg', 'a.png'))
    assert np.abs(jpeg - png).max() <= 12


@pytest.mark.parametrize(('name', 'channels'), [('a.png', 1), ('a.png', 3), ('a.tiff', 3), ('a.tiff', 1)])
def test_16_bit_images_keep_their_limits(tmp_path, name, channels):
    array = noise(20, 30, channels, dtype=np.uint16, high=4088)
    array[0, 0], array[0, 1] = 0, 4087
    cv2.imwrite(str(tmp_path / name), array)
    facts = read_image(str(tmp_path / name))
    assert (facts.bits, facts.channels, facts.limits) == (16, channels, (0, 4087))


def test_float_images(tmp_path):
    facts = read_image(save(tmp_path / 'a.tiff', noise(20, 30).astype(np.float32) / 255))
    assert facts.is_float
    assert (facts.bits, facts.limits[1] <= 1) == (32, True)


def test_exif_rotation_is_seen(tmp_path):
    exif = Image.Exif()
    exif[274] = 6
    facts = read_image(save(tmp_path / 'a.jpg', noise(20, 30, 3), exif=exif))
    assert (facts.orientation, facts.size, facts.upright_size) == (6, (20, 30), (30, 20))


def test_masks_count_the_values_that_the_host_would_read(tmp_path):
    label = noise(20, 30, high=5)
    expected = dict(zip(*(part.tolist() for part in np.unique(label, return_counts=True))))
    palette = Image.fromarray(label, 'L').convert('P')
    palette.putdata(label.ravel().tolist())
    palette.save(tmp_path / 'p.png')
    assert read_mask(save(tmp_path / 'l.png', label)).counts == expected
    assert read_mask(str(tmp_path / 'p.png')).counts == expected
    assert read_mask(save(tmp_path / 'w.png', label.astype(np.uint16) * 256)).counts == {
        256 * value: count for value, count in expected.items()
    }


@pytest.mark.parametrize(('bits', 'factor'), [(2, 85), (4, 17)])
def test_grey_masks_of_few_bits_are_spread(tmp_path, bits, factor):
    (tmp_path / 'a.png').write_bytes(grey_png([0, 1, 2, 3], bits))
    facts = read_mask(str(tmp_path / 'a.png'))
    assert (facts.bits, facts.counts) == (bits, {factor * value: 1 for value in range(4)})


@pytest.mark.parametrize(('mode', 'colour'), [('RGB', (0, 128, 7)), ('RGBA', (0, 128, 7, 9)), ('LA', (3, 255))])
def test_masks_of_several_channels_have_colours_instead(tmp_path, mode, colour):
    Image.new(mode, (6, 4), colour).save(tmp_path / 'a.png')
    facts = read_mask(str(tmp_path / 'a.png'))
    assert (facts.counts, facts.colours, facts.pixels) == ({}, {colour: 24}, 24)


def test_float_masks_say_whether_they_are_whole(tmp_path):
    assert read_mask(save(tmp_path / 'a.tiff', np.full((4, 4), 2, np.float32))).counts == {2: 16}
    assert not read_mask(save(tmp_path / 'b.tiff', np.full((4, 4), 2.5, np.float32))).is_whole


@pytest.mark.parametrize('read', [read_image, read_mask])
class TestException:
    @pytest.mark.parametrize('name', ['a.jpg', 'a.png', 'a.tiff', 'a.bmp'])
    def test_truncated(self, read, tmp_path, name):
        stream = io.BytesIO()
        kind = {'.jpg': 'JPEG', '.tiff': 'TIFF'}.get(name[1:], name[2:].upper())
        Image.fromarray(noise(64, 64, 3)).save(stream, kind)
        (tmp_path / name).write_bytes(stream.getvalue()[: len(stream.getvalue()) // 2])
        with pytest.raises(UnreadableFileError, match='truncated or broken'):
            read(str(tmp_path / name))

    @pytest.mark.parametrize(
        ('content', 'message'),
        [
            (b'', 'the file is empty'),
            (b'<html>', 'cannot be read as a picture'),
            (b'\x89PNG\r\n\x1a\n\0\0', 'cannot be read as a picture'),
        ],
    )
    def test_no_picture(self, read, tmp_path, content, message):
        (tmp_path / 'a.png').write_bytes(content)
        with pytest.raises(UnreadableFileError, match=message):
            read(str(tmp_path / 'a.png'))

    def test_missing_or_no_file(self, read, tmp_path):
        with pytest.raises(UnreadableFileError, match='no such file'):
            read(str(tmp_path / 'a.png'))
        with pytest.raises(UnreadableFileError, match='expected a file, found a folder'):
            read(str(tmp_path))
        os.mkfifo(tmp_path / 'pipe.png')
        with pytest.raises(UnreadableFileError, match='expected a file, found a pipe'):
            read(str(tmp_path / 'pipe.png'))

    def test_a_bomb_is_not_unpacked(self, read, tmp_path):
        (tmp_path / 'a.png').write_bytes(png_of(30000, 30000, 8, zlib.compress(bytes(30000))))
        with pytest.raises(UnreadableFileError, match='more pixels than any picture should have'):
            read(str(tmp_path / 'a.png'))
