from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from mmseg_liteseg.registry import OPTIM_WRAPPERS


def step(kind, convolution, images):
    """One step; (the convolution's output, gradients)."""
    optimizer = torch.optim.SGD(convolution.parameters(), lr=0.1)
    wrapper = OPTIM_WRAPPERS.build(dict(type=kind, optimizer=optimizer))
    with wrapper.optim_context(convolution):
        output = convolution(images)
        loss = F.cross_entropy(output.float(), torch.zeros(2, 8, 8, dtype=torch.long))
    loss.backward()
    gradients = [parameter.grad.clone() for parameter in convolution.parameters()]
    optimizer.step()
    return output, gradients


def test_products_in_bfloat16_weights_in_float32():
    images = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    torch.manual_seed(0)
    ours, plain = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(3, 4, 3, padding=1)
    plain.load_state_dict(ours.state_dict())
    output, gradients = step('mmseg_liteseg.Bfloat16OptimWrapper', ours, images)
    expected, exact = step('OptimWrapper', plain, images)
    assert output.dtype == torch.bfloat16
    assert all(parameter.dtype == torch.float32 for parameter in ours.parameters())
    # 8 bits of mantissa: each of the 27 products and the sum are off by at most 2^-8 of their size
    torch.testing.assert_close(output.float(), expected, atol=0.02, rtol=0.02)
    for gradient, reference in zip(gradients, exact):
        assert F.cosine_similarity(gradient.flatten(), reference.flatten(), dim=0) > 0.99
        assert not torch.equal(gradient, reference)
