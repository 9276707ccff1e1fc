"""The plain model in torch.compile and torch.export: no graph breaks, one graph for all sizes."""

import pytest
import torch
from mmengine.config import Config
from mmengine.model import revert_sync_batchnorm
from mmengine.registry import init_default_scope
from torch import nn

from mmseg_liteseg.models.backbones import STDCNet
from mmseg_liteseg.registry import MODELS
from tests.deploy.conftest import fill

if not hasattr(torch, 'export') or not hasattr(torch, 'compiler'):
    pytest.skip('needs torch 2.1', allow_module_level=True)

SHAPES = [(2, 3, 96, 160), (2, 3, 70, 131), (3, 3, 250, 167)]


@pytest.fixture(scope='module')
def network(tiny):
    """With one block per stage: tracing takes its time."""
    cfg = Config.fromfile(tiny[0]).model
    init_default_scope('mmseg')
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(STDCNet, 'arch_settings', dict(stdc1=(1, 1, 1)))
        return Network(revert_sync_batchnorm(fill(MODELS.build(cfg)))).eval()


class Network(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, image):
        return self.model(image, mode='tensor')


def image(shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(shape[2]))


def test_compile_keeps_one_graph_for_all_sizes(network):
    torch._dynamo.reset()
    graphs = []

    def count(graph, _):
        graphs.append(graph)
        return graph.forward

    compiled = torch.compile(network, backend=count, dynamic=True, fullgraph=True)
    with torch.no_grad():
        for shape in SHAPES:
            x = image(shape)
            torch.testing.assert_close(compiled(x), network(x), atol=1e-5, rtol=1e-5)
    if hasattr(torch.export.Dim, 'AUTO'):  # torch 2.3 makes three
        assert len(graphs) == 1


def test_export_with_dynamic_sizes(network):
    dynamic = getattr(torch.export.Dim, 'AUTO', None)
    if dynamic is None:
        pytest.skip('torch.export.Dim.AUTO needs torch 2.5')
    with torch.no_grad():
        program = torch.export.export(
            network, (image(SHAPES[0]),), dynamic_shapes={'image': {0: dynamic, 2: dynamic, 3: dynamic}}
        )
        for shape in [*SHAPES, (1, 3, 33, 500)]:
            x = image(shape)
            torch.testing.assert_close(program.module()(x), network(x), atol=1e-5, rtol=1e-5)
