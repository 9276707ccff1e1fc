"""Replays of a network: given up where a recording raises or differs. The graphs are stand-ins: no GPU is needed."""

import pytest
import torch
from torch import nn

from mmseg_liteseg.deploy.network import GRAPHS, GraphedNetwork


class Graph:
    """Computes at replay what a CUDA graph would have recorded."""

    def __init__(self, network, images, logits, change):
        self.network, self.images, self.logits, self.change = network, images, logits, change

    def replay(self):
        self.logits.copy_(self.network(self.images) * self.change)


class Recording(GraphedNetwork):
    """Records on the CPU."""

    change, error, recorded = 1.0, None, 0

    def _can_record(self, images):
        return self._key(images) in self._graphs or len(self._graphs) < self.max_graphs

    def _record(self, images):
        self.recorded += 1
        if self.error:
            raise self.error
        images = images.clone()
        logits = torch.zeros_like(self.network(images))
        return Graph(self.network, images, logits, self.change), images, logits


@pytest.fixture(autouse=True)
def fresh():
    GRAPHS.forget()
    yield
    GRAPHS.forget()


@pytest.fixture
def network():
    return nn.Conv2d(3, 4, 3).requires_grad_(False)


def images(seed=0, width=8):
    return torch.randn(1, 3, 8, width, generator=torch.Generator().manual_seed(seed))


def test_each_shape_is_recorded_once_up_to_a_number(network):
    graphed = Recording(network, max_graphs=2)
    for seed in range(3):
        for width in (8, 9, 10):
            torch.testing.assert_close(graphed(images(seed, width)), network(images(seed, width)))
    assert graphed.recorded == 2


def test_a_replay_does_not_overwrite_an_earlier_result(network):
    graphed = Recording(network)
    first = graphed(images(0))
    graphed(images(1))
    torch.testing.assert_close(first, network(images(0)))


@pytest.mark.parametrize('change', [1.01, float('nan'), 0.0])
def test_a_graph_that_differs_is_not_used(network, change):
    graphed = Recording(network)
    graphed.change = change
    for _ in range(2):
        assert torch.equal(graphed(images()), network(images()))
    assert graphed.recorded == 1
    assert not GRAPHS.passes(torch.device('cpu'), torch.float32)


def test_a_recording_that_raises_leaves_the_network(network):
    graphed = Recording(network)
    graphed.error = RuntimeError('operation not permitted when stream is capturing')
    for _ in range(2):
        assert torch.equal(graphed(images()), network(images()))
    assert graphed.recorded == 1
