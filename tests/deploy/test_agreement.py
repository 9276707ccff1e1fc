import numpy as np
import pytest
import torch

from mmseg_liteseg.deploy.agreement import DYNAMIC_SIZES, Bound, compare, format_row, judge, sizes_to_check
from mmseg_liteseg.deploy.errors import DeployError
from mmseg_liteseg.deploy.graph import interface_of
from mmseg_liteseg.deploy.images import images_of
from mmseg_liteseg.deploy.metadata import Interface

MEAN = dict(mean=(0.0,) * 3, std=(1.0,) * 3)


def interface(output='logits', **changes):
    return Interface('NCHW', 'float32', 'rgb', **MEAN, **{'size': None, 'batch': None, 'output': output, **changes})


@pytest.fixture
def expected():
    return torch.randn(1, 4, 40, 50, generator=torch.Generator().manual_seed(0))


def test_equal_logits_and_labels_pass(expected):
    row = judge(expected, expected.numpy(), interface(), Bound(0, 0))
    assert (row.max_diff, row.differing, row.pixels, row.passed) == (0, 0, 2000, True)
    for labels in (expected.argmax(1), expected.argmax(1, keepdim=True)):
        row = judge(expected, labels.numpy().astype(np.uint8), interface('labels'), Bound(0, 0))
        assert (row.max_diff, row.differing, row.passed) == (None, 0, True)


def test_difference_of_logits_is_measured_and_bounded(expected):
    found = expected.clone()
    found[0, 0, 0, 0] += 0.25
    row = judge(expected, found.numpy(), interface(), Bound(relative=0.01))
    assert row.max_diff == pytest.approx(0.25)
    assert row.relative == pytest.approx(0.25 / expected.abs().max().item())
    assert not row.passed
    assert judge(expected, found.numpy(), interface(), Bound(relative=0.1)).passed
    assert 'TOO MUCH' in format_row(row)


def test_differing_pixels_are_counted_and_bounded(expected):
    labels = expected.argmax(1)
    labels[0, :2, :50] = (labels[0, :2, :50] + 1) % 4
    row = judge(expected, labels.numpy(), interface('labels'), Bound(pixels=0.01))
    assert (row.differing, row.passed) == (100, False)
    assert judge(expected, labels.numpy(), interface('labels'), Bound(pixels=0.05)).passed


def test_nan_never_passes(expected):
    assert not judge(expected, np.full(expected.shape, np.nan, 'float32'), interface(), Bound(1, 1)).passed


def test_wrong_shape_is_an_error(expected):
    with pytest.raises(DeployError, match=r'\(1, 40, 49\), expected \(1, 40, 50\)'):
        judge(expected, np.zeros((1, 40, 49), 'uint8'), interface('labels'), Bound())
    with pytest.raises(DeployError, match='shape'):
        judge(expected, np.zeros((1, 3, 40, 50), 'float32'), interface(), Bound())


def test_sizes():
    assert sizes_to_check(interface(size=(64, 96), batch=3)) == [(3, 64, 96)]
    sizes = sizes_to_check(interface())
    assert sizes[:-1] == [(1, *size) for size in DYNAMIC_SIZES]
    assert sizes[-1][0] == 2
    assert all(batch == 1 for batch, *_ in sizes_to_check(interface(batch=1)))


def test_compare_feeds_what_the_interface_asks_for(source):
    """A runner that is the model itself, fed by the interface, agrees; with other channels it does not."""
    taken = interface_of(source, output='scores')

    def run(x):
        with torch.no_grad():
            return source.model(torch.from_numpy(x), mode='tensor').numpy()

    rows = compare(source, run, taken, [(1, 40, 50), (2, 33, 64)])
    assert [row.passed for row in rows] == [True, True]
    (row,) = compare(source, lambda x: run(x[:, ::-1].copy()), taken, [(1, 40, 50)])
    assert row.differing > 100


def test_images(tmp_path):
    drawn = images_of((20, 50), 2)
    assert drawn.shape == (2, 20, 50, 3)
    assert not np.array_equal(drawn[0], drawn[1])
    assert images_of((40, 50), 1, channels=1).shape == (1, 40, 50, 1)
    with pytest.raises(DeployError, match='no image found'):
        images_of((40, 50), 1, folder=str(tmp_path))
    (tmp_path / 'a.png').write_bytes(b'no image')
    with pytest.raises(DeployError, match=r'a\.png'):
        images_of((40, 50), 1, folder=str(tmp_path))
