from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

from mmseg_liteseg.deploy.errors import DeployError
from mmseg_liteseg.deploy.steps import from_resize
from tests.images.builders import encode, pixels
from tests.runtime.conftest import PALETTE, blocks, draw, greatest

GREY = dict(color='gray', mean=(0.0,), std=(1.0,))


@pytest.mark.parametrize('output', ['labels', 'logits', 'scores'])
@pytest.mark.parametrize('raw', [False, True])
@pytest.mark.parametrize('color', ['rgb', 'bgr'])
def test_every_interface_gives_the_same_mask(segmenter, output, raw, color):
    image = draw(9, 14)
    kind = dict(layout='NHWC', dtype='uint8') if raw else {}
    made = segmenter(output=output, color=color, **kind)
    mask = made.predict(image)
    assert mask.dtype == np.uint8
    assert np.array_equal(mask, greatest(image) if color == 'rgb' else image.argmax(-1))


def test_normalised_as_the_metadata_say(segmenter):
    made = segmenter(mean=(10.0, 20.0, 30.0), std=(2.0, 4.0, 5.0))
    made.predict(np.full((1, 1, 3), (130, 120, 110), np.uint8))
    assert made.stub.inputs[0].ravel().tolist() == [50, 25, 20]


def test_rgb_pictures(segmenter):
    image = draw(9, 14)
    made = segmenter(options=dict(order='rgb'))
    assert np.array_equal(made.predict(image[..., ::-1]), greatest(image))
    painted = segmenter().overlay(image)
    assert np.array_equal(made.overlay(image[..., ::-1]), painted[..., ::-1])


def test_fixed_size_and_back(segmenter):
    image = cv2.resize(draw(4, 5), (40, 24), interpolation=cv2.INTER_NEAREST)
    made = segmenter(size=(12, 20), output='scores')
    assert np.mean(made.predict(image) == greatest(image)) > 0.8
    assert made.stub.inputs[0].shape == (1, 3, 12, 20)
    made = segmenter(size=(12, 20))
    assert made.predict(image).shape == (24, 40)


@pytest.mark.parametrize('to_float32', [False, True])
def test_resized_as_the_config_does(segmenter, to_float32):
    image = draw(20, 30)
    made = segmenter(output='logits', steps=from_resize(dict(scale_factor=0.5, to_float32=to_float32)))
    assert made.predict(image).shape == (20, 30)
    expected = cv2.resize(image.astype(np.float32 if to_float32 else np.uint8), (15, 10))[..., ::-1]
    assert np.array_equal(made.stub.inputs[0][0], expected.transpose(2, 0, 1))


def test_raw_pixels_are_rounded_not_cut(segmenter):
    image = draw(20, 30)
    raw = dict(layout='NHWC', dtype='uint8', color='bgr')
    made = segmenter(steps=from_resize(dict(scale_factor=0.5, to_float32=True)), **raw)
    made.predict(image)
    assert np.array_equal(made.stub.inputs[0][0], cv2.resize(image, (15, 10)))


def test_results_come_back_in_order_and_one_size_shares_a_run(segmenter):
    sizes = [(8, 6), (5, 9), (8, 6), (8, 6), (5, 9), (8, 6), (8, 6)]
    images = [draw(*size, seed=seed) for seed, size in enumerate(sizes)]
    made = segmenter(options=dict(batch=3))
    for image, mask in zip(images, made.predict(images)):
        assert np.array_equal(mask, greatest(image))
    assert [len(x) for x in made.stub.inputs] == [3, 2, 2]


def test_sizes_of_the_network_count_for_a_run(segmenter):
    made = segmenter(size=(8, 8), batch=None)
    assert [mask.shape for mask in made.predict([draw(8, 6), draw(5, 9)])] == [(8, 6), (5, 9)]
    assert len(made.stub.inputs) == 1


def test_batch_of_the_model_is_filled_up(segmenter):
    images = [draw(6, 6, seed) for seed in range(5)]
    made = segmenter(options=dict(batch=16), size=(6, 6), batch=3)
    assert made.batch == 3
    for image, mask in zip(images, made.predict(images)):
        assert np.array_equal(mask, greatest(image))
    assert [x.shape for x in made.stub.inputs] == [(3, 3, 6, 6)] * 2


def test_one_or_several(segmenter):
    made = segmenter()
    image = draw(6, 7)
    assert isinstance(made.predict(image), np.ndarray)
    assert [mask.shape for mask in made.predict(np.stack([image] * 2))] == [(6, 7)] * 2
    assert [mask.shape for mask in made.predict((image,))] == [(6, 7)]
    assert made.predict([]) == []
    assert made.predict(image[..., 0]).shape == (6, 7)


def test_bad_picture_of_several_is_named(segmenter):
    with pytest.raises(DeployError, match=r'images\[1\]: expected uint8'):
        segmenter().predict([draw(4, 4), draw(4, 4).astype(float)])


def test_grey_models(segmenter):
    image = draw(6, 7)
    made = segmenter(lambda x: (x[:, 0] > 99).astype(np.uint8), **GREY)
    expected = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    assert np.array_equal(made.predict(image), expected > 99)
    assert np.array_equal(made.predict(expected), expected > 99)
    assert segmenter(lambda x: (x[:, 0] > 99).astype(np.uint8), size=(3, 3), **GREY).predict(image).shape == (6, 7)


def test_wide_labels_become_small(segmenter):
    made = segmenter(lambda x: x.argmax(1).astype(np.int64))
    assert made.predict(draw(4, 4)).dtype == np.uint8


def test_overlay(segmenter):
    made = segmenter()
    image = np.full((1, 3, 3), 100, np.uint8)
    mask = np.array([[0, 1, 2]], np.uint8)
    painted = made.overlay(image, mask, alpha=0.5)
    assert painted[0, :, ::-1].tolist() == [[round(50 + value / 2) for value in color] for color in PALETTE]
    assert np.array_equal(made.overlay(image, mask, alpha=0), image)
    red = np.full((2, 2, 3), (0, 0, 50), np.uint8)
    assert made.overlay(red, alpha=1)[0, 0].tolist() == [0, 0, 200]  # predicted by itself


def test_overlays_that_cannot_be(segmenter):
    made = segmenter()
    with pytest.raises(DeployError, match=r'mask: expected the size of the picture, \(4, 4\), got \(4, 5\)'):
        made.overlay(draw(4, 4), np.zeros((4, 5), np.uint8))
    with pytest.raises(DeployError, match='alpha: expected a number of 0 to 1'):
        made.overlay(draw(4, 4), alpha=2)


@pytest.mark.parametrize(
    ('output', 'shape'),
    [('labels', (1, 4, 5)), ('labels', (1, 3, 4, 4)), ('logits', (1, 4, 4, 4)), ('logits', (1, 3, 2, 2)),
     ('scores', (1, 2, 1, 1)), ('scores', (1, 4, 4)), ('scores', (2, 3, 1, 1))],
)  # fmt: skip
def test_answers_of_another_shape_are_refused(segmenter, output, shape):
    made = segmenter(lambda x: np.zeros(shape, np.float32), output=output)
    with pytest.raises(DeployError, match=f'it gives {output}'):
        made.predict(draw(4, 4))


def test_failure_of_the_runtime_is_one_line(segmenter):
    def fail(x):
        raise RuntimeError('\nout of memory\nmore')

    with pytest.raises(DeployError, match=r'stub\.onnx: it failed on an input of shape \(1, 3, 4, 4\) \(out of memory'):
        segmenter(fail).predict(draw(4, 4))


def test_threads_may_share_it(segmenter):
    made = segmenter(output='scores', options=dict(batch=2))
    images = [draw(5 + seed % 3, 7, seed) for seed in range(40)]
    with ThreadPoolExecutor(4) as pool:
        for image, mask in zip(images, pool.map(made.predict, images)):
            assert np.array_equal(mask, greatest(image))


def test_pictures_of_any_kind_and_what_is_none(segmenter):
    made = segmenter()
    image = blocks(6, 9)
    assert np.array_equal(made.predict(Image.fromarray(image[..., ::-1])), greatest(image))
    assert len(made.predict(picture for picture in [image, image])) == 2
    for wrong in (None, 5, 'a.png', b'x', {'a': image}, object(), [None], ['a.png'], [[1]]):
        with pytest.raises(DeployError, match='image'):
            made.predict(wrong)


def test_colours_are_made_up_where_the_model_has_none(segmenter):
    made = segmenter()
    object.__setattr__(made.metadata, 'palette', ())
    assert made.overlay(blocks(6, 9)).shape == (6, 9, 3)


BANDS = dict(color='bands', mean=(2000.0,) * 4, std=(900.0,) * 4)


def test_bands_of_16_bits(segmenter, tmp_path):
    made = segmenter(**BANDS)
    object.__setattr__(made.metadata, 'color_type', 'unchanged')
    image = pixels((6, 9, 4), np.uint16, 4088)
    tifffile.imwrite(tmp_path / 'a.tif', image, photometric='minisblack', planarconfig='contig')
    found = made.read(tmp_path / 'a.tif')
    assert np.array_equal(found, image)
    assert np.array_equal(made.predict(found), image.argmax(2))
    np.testing.assert_allclose(made.stub.inputs[-1][0].transpose(1, 2, 0), (image.astype(np.float32) - 2000) / 900)
    painted = made.overlay(image, alpha=0)
    assert (painted.min(), painted.max()) == (0, 255)  # stretched
    (tmp_path / 'a.png').write_bytes(encode(image[..., :3]))
    with pytest.raises(DeployError, match=r'a\.png: expected the shape \(H, W, 4\), got'):
        made.read(tmp_path / 'a.png')
    (tmp_path / 'b.png').write_bytes(encode(pixels((6, 9, 4))))
    with pytest.raises(DeployError, match=r'8 bits, the mean is 2000: set mean and std of the model'):
        made.read(tmp_path / 'b.png')


def test_a_model_of_colours_refuses_files_of_12_bits(segmenter, tmp_path):
    (tmp_path / 'a.png').write_bytes(encode(pixels((6, 9, 3), np.uint16, 4088)))
    with pytest.raises(DeployError, match=r"a\.png: 16 bits, but no value above .* color_type='unchanged'"):
        segmenter().read(tmp_path / 'a.png')


def test_raw_values_of_any_depth(segmenter):
    made = segmenter(layout='NHWC', normalized=False, **BANDS)
    object.__setattr__(made.metadata, 'color_type', 'unchanged')
    image = pixels((6, 9, 4), np.uint16, 4088)
    made.predict(image)
    assert made.stub.inputs[-1].dtype == np.float32
    assert np.array_equal(made.stub.inputs[-1][0], image)


def test_labels_in_the_form_of_mmdeploy(segmenter):
    image = draw(6, 9)
    made = segmenter(lambda x: x.argmax(1, keepdims=True))
    assert np.array_equal(made.predict(image), greatest(image))
