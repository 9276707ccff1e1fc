import pytest
import torch
import torch.nn.functional as F

from mmseg_liteseg.ops.upsampler import RowUpsampler

SIZES = [((5, 7), (40, 56)), ((5, 7), (33, 201)), ((1, 1), (3, 130)), ((6, 4), (6, 4)), ((9, 8), (4, 5))]


def upsample(image, size, align_corners, rows):
    upsampler = RowUpsampler(tuple(image.shape[1:]), size, align_corners, rows, image)
    wide = upsampler.widen(image)
    return torch.cat([upsampler.up(wide, i) for i in range(len(upsampler.chunks))], 1)


@pytest.mark.parametrize('align_corners', [False, True])
@pytest.mark.parametrize('rows', [1, 7, 1000])
@pytest.mark.parametrize(('in_size', 'out_size'), SIZES)
def test_is_interpolate(in_size, out_size, rows, align_corners):
    image = torch.randn(3, *in_size)
    expected = F.interpolate(image[None], out_size, mode='bilinear', align_corners=align_corners)[0]
    torch.testing.assert_close(upsample(image, out_size, align_corners, rows), expected, rtol=0, atol=2e-6)


@pytest.mark.parametrize('align_corners', [False, True])
@pytest.mark.parametrize(('in_size', 'out_size'), SIZES)
def test_down_is_the_adjoint_of_up(in_size, out_size, align_corners):
    image = torch.randn(3, *in_size, dtype=torch.float64)
    gradient = torch.randn(3, *out_size, dtype=torch.float64)
    upsampler = RowUpsampler(in_size, out_size, align_corners, 4, image)
    wide = torch.zeros(3, in_size[0], out_size[1], dtype=torch.float64)
    for i, rows in enumerate(upsampler.chunks):
        upsampler.add_down(gradient[:, rows], i, wide)
    up = upsample(image, out_size, align_corners, 4)
    torch.testing.assert_close((upsampler.narrow(wide) * image).sum(), (gradient * up).sum())
