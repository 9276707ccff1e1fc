"""The two forms of adaptive pooling that exporters and compilers see."""

import pytest
import torch
import torch.nn.functional as F

from mmseg_liteseg.models.layers import pooling


@pytest.mark.parametrize('form', [pooling._pool_by_slices, pooling._pool_by_weights])
@pytest.mark.parametrize('bins', [1, 2, 3, 4, 6])
def test_exact_at_every_size(form, bins):
    for height in range(1, 20):
        for width in (1, 3, 4, 7, 16, 23):
            generator = torch.Generator().manual_seed(height * 100 + width)
            x = torch.randn(2, 3, height, width, generator=generator, dtype=torch.float64)
            found = form(form(x, bins, dim=2), bins, dim=3)
            torch.testing.assert_close(found, F.adaptive_avg_pool2d(x, bins), atol=2e-7, rtol=0)  # weights are float32


def test_weighted_form_keeps_half_precision_exact_enough():
    x = torch.rand(1, 4, 30, 40).to(torch.bfloat16)
    found = pooling._pool_by_weights(x, 4, dim=2)
    assert found.dtype == torch.bfloat16
    rows = torch.stack([x.float()[:, :, i * 30 // 4 : ((i + 1) * 30 + 3) // 4].mean(2) for i in range(4)], dim=2)
    torch.testing.assert_close(found.float(), rows, atol=2**-9, rtol=0)  # one rounding, of the result


def test_eager_takes_the_native_operator(monkeypatch):
    monkeypatch.setattr(F, 'adaptive_avg_pool2d', lambda x, bins: ('native', bins))
    assert pooling.adaptive_avg_pool(torch.rand(1, 1, 4, 4), 2) == ('native', 2)
