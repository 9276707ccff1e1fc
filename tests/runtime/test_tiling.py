import numpy as np
import pytest

from mmseg_liteseg.deploy.errors import DeployError
from mmseg_liteseg.runtime.tiling import Tiling
from tests.runtime.conftest import draw, greatest


@pytest.mark.parametrize('size', [(7, 9), (16, 16), (17, 40), (100, 33)])
@pytest.mark.parametrize('overlap', [0, 3, 8])
def test_every_pixel_once_and_away_from_the_borders(size, overlap):
    tiling, count = Tiling((16, 16), overlap), np.zeros(size, int)
    for tile in tiling.spans(*size):
        count[tile.keep] += 1
        for read, keep, length in zip(tile.read, tile.keep, size):
            assert read.stop - read.start <= 16
            assert read.start == 0 or keep.start - read.start >= overlap // 2
            assert read.stop == length or read.stop - keep.stop >= overlap // 2
    assert (count == 1).all()


@pytest.mark.parametrize('options', [{}, dict(output='logits')])
def test_a_model_without_context_gives_the_same(segmenter, options):
    image = draw(50, 70)
    made = segmenter(options=dict(tiling=Tiling((24, 32), 8)), **options)
    assert np.array_equal(made.predict(image), greatest(image))
    assert max(x.shape[2] for x in made.stub.inputs) == 24
    assert max(x.shape[3] for x in made.stub.inputs) == 32
    if options:
        mask, confidence = made.predict(image, scores=True)
        assert np.array_equal(mask, greatest(image))
        assert confidence.shape == (50, 70)


def test_tiles_that_are_all_overlap():
    with pytest.raises(DeployError, match='larger than the overlap'):
        Tiling((16, 64), 16)
