import cv2
import numpy as np
import pytest
from PIL import Image

from mmseg_liteseg.deploy.errors import DeployError
from mmseg_liteseg.runtime.pictures import read_image, to_bands, to_bgr
from tests.images.builders import exif, pil_file, pixels
from tests.runtime.conftest import draw


@pytest.mark.parametrize('name', ['a.png', 'été 図.png'])
def test_read(tmp_path, name):
    image = draw(5, 7)
    (tmp_path / name).write_bytes(cv2.imencode('.png', image)[1].tobytes())
    assert np.array_equal(read_image(tmp_path / name), image)


def test_files_of_grey_deep_and_transparent_pictures_become_bgr(tmp_path):
    image = draw(5, 7)
    path = tmp_path / 'a.png'
    for stored, expected in (
        (image[..., 0], np.repeat(image[..., :1], 3, 2)),
        (np.dstack([image, image[..., 0]]), image),
        (image.astype(np.uint16) * 256, image),
    ):
        cv2.imwrite(str(path), stored)
        assert np.array_equal(read_image(path), expected)


@pytest.mark.parametrize('content', [None, b'', b'no picture', b'\x89PNG\r\n\x1a\n'])
def test_files_that_are_no_pictures(tmp_path, content):
    path = tmp_path / 'a.png'
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DeployError, match=r'image .*a\.png: (no such file|cannot be read|the file is empty)'):
        read_image(path)


def test_orders_of_channels():
    image = draw(4, 6)
    grey = image[..., 0]
    alpha = np.dstack([image, grey])
    assert np.array_equal(to_bgr(image, 'bgr'), image)
    assert np.array_equal(to_bgr(image[..., ::-1], 'rgb'), image)
    assert np.array_equal(to_bgr(alpha, 'bgr'), image)
    assert np.array_equal(to_bgr(alpha[..., [2, 1, 0, 3]], 'rgb'), image)
    for order in ('bgr', 'rgb'):
        assert np.array_equal(to_bgr(grey, order), np.dstack([grey] * 3))
        assert np.array_equal(to_bgr(grey[..., None], order), np.dstack([grey] * 3))


def test_views_are_taken():
    image = draw(8, 6)[::2, ::-1]
    assert np.array_equal(to_bgr(image, 'bgr'), image)


@pytest.mark.parametrize(
    ('image', 'message'),
    [
        ('a.png', 'expected a numpy array, got str'),
        (np.zeros((4, 4, 3), np.float32), 'expected uint8, 0 to 255, got float32'),
        (np.zeros((4, 4, 3), np.int64), 'got int64'),
        (np.zeros((4, 4, 2), np.uint8), r'expected the shape .* got \(4, 4, 2\)'),
        (np.zeros(4, np.uint8), r'got \(4,\)'),
        (np.zeros((2, 4, 4, 3), np.uint8), r'got \(2, 4, 4, 3\)'),
        (np.zeros((0, 4, 3), np.uint8), 'no pixels'),
    ],
)
def test_arrays_that_are_no_pictures(image, message):
    with pytest.raises(DeployError, match=rf'images\[3\]: .*{message}'):
        to_bgr(image, 'bgr', 'images[3]')


def test_pictures_of_pillow(tmp_path):
    image = draw(4, 6)
    rgb = Image.fromarray(image[..., ::-1])
    for order in ('bgr', 'rgb'):
        assert np.array_equal(to_bgr(rgb, order), image)
        assert np.array_equal(to_bgr(rgb.convert('RGBA'), order), image)
        assert np.array_equal(to_bgr(Image.fromarray(image[..., 0]), order), np.dstack([image[..., 0]] * 3))
    (tmp_path / 'a.png').write_bytes(pil_file(image, 'PNG', exif=exif(6)))
    with Image.open(tmp_path / 'a.png') as turned:
        assert np.array_equal(to_bgr(turned, 'bgr'), read_image(tmp_path / 'a.png'))
    with pytest.raises(DeployError, match='expected uint8, 0 to 255, got uint16'):
        to_bgr(Image.fromarray(np.zeros((4, 4), np.uint16)), 'bgr')


def test_what_cv2_gives_for_a_file_that_it_cannot_read():
    with pytest.raises(DeployError, match=r'image: got None, as cv2\.imread gives'):
        to_bgr(None, 'bgr')


@pytest.mark.parametrize('dtype', [np.uint8, np.uint16, np.int32, np.float64])
def test_bands_keep_their_values(dtype):
    image = pixels((4, 6, 5), dtype, 200)
    found = to_bands(image, 'rgb', 5)
    assert found.dtype == (np.uint8 if dtype == np.uint8 else np.float32)
    assert np.array_equal(found, image)
    assert np.array_equal(to_bands(image[..., :3], 'rgb', 3), image[..., 2::-1])
    assert np.array_equal(to_bands(image[..., 0], 'bgr', 1), image[..., :1])


@pytest.mark.parametrize(
    ('image', 'message'),
    [
        (np.zeros((4, 6, 3)), r'expected the shape \(H, W, 4\), got \(4, 6, 3\)'),
        (np.zeros((4, 6)), r'got \(4, 6, 1\)'),
        (np.zeros((4, 6, 4), complex), 'expected real numbers'),
        (np.zeros((0, 6, 4)), 'no pixels'),
        (None, 'got None'),
    ],
)
def test_arrays_that_are_no_bands(image, message):
    with pytest.raises(DeployError, match=message):
        to_bands(image, 'bgr', 4)
