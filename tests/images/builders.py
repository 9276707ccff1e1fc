"""Files of pictures as people have them, sound and broken."""

from __future__ import annotations

import io
import struct
import zlib

import cv2
import numpy as np
from PIL import Image


def pixels(shape, dtype=np.uint8, high=256, seed=0):
    return np.random.default_rng(seed).integers(0, high, shape).astype(dtype)


def encode(array, ending='.png', **options):
    """An array as OpenCV writes it (BGR)."""
    return cv2.imencode(ending, array, *options.values())[1].tobytes()


def pil_file(array, kind, mode=None, **options):
    """An array as Pillow writes it (RGB)."""
    image = Image.fromarray(array)
    image = image.convert(mode) if mode else image
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def exif(orientation):
    block = Image.Exif()
    block[274] = orientation
    return block


def png_header(width, height, depth=8, colour=2):
    """A PNG that announces a size and holds one row of zeros at most."""

    def chunk(kind, data):
        return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))

    head = chunk(b'IHDR', struct.pack('>IIBBBBB', width, height, depth, colour, 0, 0, 0))
    body = chunk(b'IDAT', zlib.compress(bytes(1 + 3 * min(width, 64))))
    return b'\x89PNG\r\n\x1a\n' + head + body + chunk(b'IEND', b'')
