import cv2
import numpy as np
import pytest

from mmseg_liteseg.deploy.errors import DeployError
from mmseg_liteseg.runtime.pictures import read_image, to_bgr
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
    with pytest.raises(DeployError, match=r'image .*a\.png: (no such file|cannot be read)'):
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
